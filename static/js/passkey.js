/* Passkeys: asks the browser for one, and sends what it signed. The forms are hidden without this script.
   A passkey belongs to a host name, and browsers give one out over https or on localhost only (WebAuthn, 5.1.3). */
"use strict";

(() => {
    const NOT_HERE = "This browser cannot use passkeys at this address. They need https, or the name localhost. Use an app instead.";
    const REFUSED = "Your device did not confirm it. Try again, or use another way.";

    document.querySelectorAll("form[data-passkey]").forEach((form) => {
        const says = form.querySelector("[role=alert]");
        form.hidden = false;
        form.addEventListener("submit", async (event) => {
            event.preventDefault();
            says.hidden = true;
            try {
                form.elements.credential.value = JSON.stringify(await ask(form));
                form.submit();
            } catch (error) {
                says.textContent = error.name === "NotAllowedError" ? REFUSED : NOT_HERE;
                says.hidden = false;
            }
        });
    });

    async function ask(form) {
        if (!window.PublicKeyCredential) {
            throw new Error(NOT_HERE);
        }
        const options = await optionsFor(form);
        return form.dataset.passkey === "create"
            ? webauthnJSON.create(alone(options.creation_options, form.elements.passwordless.checked))
            : webauthnJSON.get(options.request_options);
    }

    async function optionsFor(form) {
        if (form.dataset.optionsUrl) {
            const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
            return answer.json();
        }
        return JSON.parse(document.getElementById("passkey-options").textContent);
    }

    /* A passkey that is to sign in alone is kept on the device, and asks who is there. */
    function alone(options, wanted) {
        const selection = options.publicKey.authenticatorSelection;
        selection.residentKey = wanted ? "required" : "discouraged";
        selection.requireResidentKey = wanted;
        if (wanted) {
            selection.userVerification = "required";
        }
        return options;
    }
})();
