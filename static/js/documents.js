/* Sending files one after the other, with progress. Without this script the form sends them all at once, and works the
   same. Every file is one request that the server answers as JSON. */
"use strict";

(() => {
    const place = document.querySelector("[data-send-files]");
    const form = place?.querySelector("form");
    const input = form?.querySelector("input[type=file]");
    if (!input) {
        return;
    }
    const list = document.createElement("ul");
    const status = document.createElement("p");
    const button = form.querySelector("[type=submit]");
    let busy = false;

    list.className = "sending";
    status.setAttribute("role", "status");
    form.append(status, list);

    form.addEventListener("submit", (event) => {
        const files = [...input.files];
        const agree = form.querySelector("[name=agree]");
        if (!files.length) {
            return; // the server says what is missing
        }
        event.preventDefault();
        if (agree && !agree.checked) {
            status.textContent = "Tick the box first, if you agree.";
            agree.focus();
        } else if (!busy) {
            sendAll(files);
        }
    });
    addEventListener("beforeunload", (event) => {
        if (busy) {
            event.preventDefault();
        }
    });

    async function sendAll(files) {
        const problems = [];
        let arrived = 0;
        busy = true;
        clearProblems();
        button.setAttribute("aria-disabled", "true"); // disabled, it would lose the focus
        list.replaceChildren();
        for (const [index, file] of files.entries()) {
            status.textContent = files.length === 1 ? "Sending" : `Sending ${index + 1} of ${files.length}`;
            const answer = await send(file);
            arrived += answer.arrived;
            problems.push(...answer.problems);
            if (answer.arrived) {
                dropOnceOnly();
            }
        }
        busy = false;
        button.removeAttribute("aria-disabled");
        input.value = "";
        if (arrived) {
            await refresh();
        }
        status.textContent = arrived === files.length ? told(arrived) : `${told(arrived)} Look below for what was not taken.`;
    }

    function told(arrived) {
        return arrived === 0 ? "No file has arrived." : arrived === 1 ? "Your file has arrived." : `Your ${arrived} files have arrived.`;
    }

    function send(file) {
        const row = document.createElement("li");
        const name = document.createElement("span");
        const bar = document.createElement("progress");
        const data = new FormData(form);
        name.className = "sending-name";
        name.textContent = file.name;
        bar.max = 1;
        bar.value = 0;
        bar.setAttribute("aria-label", `Sending ${file.name}`);
        row.append(name, bar);
        list.append(row);
        data.delete(input.name);
        data.append(input.name, file);
        return new Promise((resolve) => {
            const request = new XMLHttpRequest();
            const start = `${file.name}: `;
            const withoutName = (problem) => (problem.startsWith(start) ? problem.slice(start.length) : problem);
            const done = (answer) => {
                const note = document.createElement("p");
                note.className = "sending-problem";
                note.textContent = answer.problems.map(withoutName).join(" ") || "Arrived.";
                row.classList.toggle("sending-refused", !answer.arrived);
                bar.replaceWith(note);
                resolve(answer);
            };
            if (file.size > Number(place.dataset.largest)) {
                done({ arrived: 0, problems: [place.dataset.tooLarge] });
                return;
            }
            request.open("POST", location.pathname);
            request.setRequestHeader("Accept", "application/json");
            request.responseType = "json";
            request.upload.addEventListener("progress", (event) => {
                bar.value = event.lengthComputable ? event.loaded / event.total : 0;
            });
            request.addEventListener("load", () => {
                if (request.response) {
                    done(request.response);
                } else {
                    done({ arrived: 0, problems: ["This could not be sent. Load this page again, and try once more."] });
                }
            });
            request.addEventListener("error", () => {
                done({ arrived: 0, problems: ["The connection was lost. Try again."] });
            });
            request.send(data);
        });
    }

    /* What the server said of the form before. */
    function clearProblems() {
        document.querySelectorAll(".patient > .error-summary, .patient > .notice").forEach((each) => each.remove());
        form.querySelectorAll(".question-wrong").forEach((each) => each.classList.remove("question-wrong"));
        form.querySelectorAll(".invalid-feedback").forEach((each) => each.remove());
        form.querySelectorAll(".is-invalid").forEach((each) => {
            each.classList.remove("is-invalid");
            each.removeAttribute("aria-invalid");
        });
        document.title = document.title.replace(/^Error: /, "");
    }

    /* What is asked once: which request it answers, and consent. */
    function dropOnceOnly() {
        if (form.querySelector("[name=agree]")) {
            document.querySelector(".consent")?.remove();
        }
        for (const field of form.querySelectorAll("[name=meets], [name=agree]")) {
            field.closest(".question")?.remove();
        }
    }

    async function refresh() {
        try {
            const answer = await fetch(location.pathname);
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
            const found = fresh.querySelector("[data-documents]");
            if (found) {
                document.querySelector("[data-documents]").replaceWith(document.adoptNode(found));
            }
        } catch {
            location.reload();
        }
    }
})();
