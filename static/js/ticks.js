/* Ticks on the public checklist. They are kept in this browser and go nowhere, until somebody who has booked presses the
   button that takes them over. Without this script the checklist is a list to print, with empty boxes. */
"use strict";

(() => {
    const KEY = "checklist-ticks";
    const ticked = new Set(stored());

    if (document.querySelector("[data-forget-ticks]")) {
        ticked.clear(); // somebody else may use this device next
        keep();
    }
    document.querySelectorAll("[data-tick]").forEach(addBox);
    document.querySelectorAll("[data-clear-ticks]").forEach(enableClearing);
    document.querySelectorAll("form[data-take-over]").forEach(offer);

    function stored() {
        try {
            const found = JSON.parse(localStorage.getItem(KEY));
            return Array.isArray(found) ? found.filter((tick) => typeof tick === "string") : [];
        } catch {
            return []; // no storage, or something that is not ours
        }
    }

    function keep() {
        try {
            localStorage.setItem(KEY, JSON.stringify([...ticked]));
        } catch {
            // No storage: the ticks are there for as long as the page is.
        }
    }

    function addBox(item) {
        const place = item.querySelector(".check-box");
        const title = item.querySelector(".check-title");
        const box = document.createElement("input");
        const label = document.createElement("label");
        box.type = "checkbox";
        box.id = `tick-${item.dataset.tick}`;
        box.checked = ticked.has(item.dataset.tick);
        box.autocomplete = "off";
        label.htmlFor = box.id;
        label.append(...title.childNodes);
        title.append(label);
        place.removeAttribute("aria-hidden");
        place.append(box);
        box.addEventListener("change", () => {
            ticked[box.checked ? "add" : "delete"](item.dataset.tick);
            keep();
        });
    }

    function enableClearing(button) {
        document.querySelector(".without-script").hidden = true;
        button.parentElement.hidden = false;
        button.addEventListener("click", () => {
            ticked.clear();
            keep();
            document.querySelectorAll(".check-box input").forEach((box) => {
                box.checked = false;
            });
        });
    }

    function offer(form) {
        const mine = form.dataset.takeOver.split(" ").filter((tick) => ticked.has(tick));
        if (!mine.length) {
            return;
        }
        const button = form.querySelector("button");
        button.textContent = mine.length === 1 ? button.dataset.one : button.dataset.many.replace("#", mine.length);
        mine.forEach((tick) => {
            const field = document.createElement("input");
            field.type = "hidden";
            field.name = "tick";
            field.value = tick;
            form.append(field);
        });
        form.hidden = false;
    }
})();
