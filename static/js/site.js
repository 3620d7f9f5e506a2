/* The date on a printed page, and suggestions as you type for every search box: an ARIA combobox with a list, after the
   WAI-ARIA Authoring Practices ("Editable Combobox With List Autocomplete"). Without this script the box is a plain search box and works the same. */
"use strict";

(() => {
    const WAIT = 150; // milliseconds of no typing before we ask
    const LEAST = 2; // letters before we ask

    addEventListener("beforeprint", () => {
        const today = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
        document.querySelectorAll("[data-printed-on]").forEach((place) => {
            place.textContent = ` on ${today}`;
        });
    });

    document.querySelectorAll("input[data-suggestions-url]").forEach(enhance);

    function enhance(input) {
        const list = document.createElement("ul");
        const status = document.createElement("p");
        let options = [];
        let active = -1;
        let timer = 0;
        let request = null;

        list.id = `${input.id}-suggestions`;
        list.className = "suggestions";
        list.hidden = true;
        list.setAttribute("role", "listbox");
        list.setAttribute("aria-label", "Suggestions");
        status.className = "hidden-visually";
        status.setAttribute("role", "status");
        input.setAttribute("role", "combobox");
        input.setAttribute("aria-autocomplete", "list");
        input.setAttribute("aria-controls", list.id);
        input.setAttribute("aria-expanded", "false");
        input.parentElement.append(list, status);

        input.addEventListener("input", () => {
            clearTimeout(timer);
            if (input.value.trim().length < LEAST) {
                close();
            } else {
                timer = setTimeout(ask, WAIT);
            }
        });
        input.addEventListener("keydown", press);
        input.addEventListener("blur", close);
        // A press must not take the focus from the box, or the list closes before the click arrives.
        list.addEventListener("mousedown", (event) => event.preventDefault());
        list.addEventListener("click", (event) => {
            const option = event.target.closest("[role=option]");
            if (option) {
                follow(option);
            }
        });

        async function ask() {
            request?.abort();
            request = new AbortController();
            const url = new URL(input.dataset.suggestionsUrl, location.href);
            url.searchParams.set("q", input.value.trim());
            try {
                const answer = await fetch(url, { signal: request.signal, headers: { Accept: "application/json" } });
                if (answer.ok) {
                    show((await answer.json()).suggestions);
                }
            } catch {
                close(); // no network, or newer letters overtook this question: the plain search box stays
            }
        }

        function show(suggestions) {
            options = suggestions.map((suggestion, index) => {
                const option = document.createElement("li");
                const kind = document.createElement("span");
                option.id = `${list.id}-${index}`;
                option.setAttribute("role", "option");
                option.setAttribute("aria-selected", "false");
                option.dataset.url = suggestion.url;
                kind.className = "suggestion-kind";
                kind.textContent = suggestion.kind;
                option.append(suggestion.label, " ", kind);
                return option;
            });
            list.replaceChildren(...options);
            activate(-1);
            const open = options.length > 0 && document.activeElement === input;
            list.hidden = !open;
            input.setAttribute("aria-expanded", String(open));
            status.textContent = open ? `${options.length} suggestion${options.length === 1 ? "" : "s"}` : "";
        }

        function close() {
            clearTimeout(timer);
            request?.abort();
            show([]);
        }

        function activate(index) {
            options[active]?.setAttribute("aria-selected", "false");
            active = index;
            if (options[active]) {
                options[active].setAttribute("aria-selected", "true");
                options[active].scrollIntoView({ block: "nearest" });
                input.setAttribute("aria-activedescendant", options[active].id);
            } else {
                input.removeAttribute("aria-activedescendant");
            }
        }

        function press(event) {
            if (event.isComposing || list.hidden) {
                return;
            }
            const last = options.length - 1;
            if (event.key === "ArrowDown") {
                activate(active < last ? active + 1 : 0);
            } else if (event.key === "ArrowUp") {
                activate(active > 0 ? active - 1 : last);
            } else if (event.key === "Escape") {
                close();
            } else if (event.key === "Enter" && options[active]) {
                follow(options[active]);
            } else {
                return;
            }
            event.preventDefault();
        }

        function follow(option) {
            location.assign(option.dataset.url);
        }
    }
})();
