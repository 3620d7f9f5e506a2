// Names and states for what the admin's widgets build and leave without. Everything here works without this file too.
(() => {
  "use strict";

  const ITEMS = {
    bulletList: "Bulleted list",
    orderedList: "Numbered list",
    orderedListProperties: "How the list is numbered",
    link: "Link (select the words first)",
    unlink: "Remove the link",
    table: "Table",
    "history:undo": "Undo",
    "history:redo": "Redo",
  };
  const TOGGLES = ["orderedList", "link"];

  const labelOf = (field) => {
    const label = field.id && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    return label ? label.textContent.replace(/:\s*$/, "").trim() : "";
  };

  const rowNameOf = (field) => field.closest(".inline-related")?.querySelector(".row-name")?.textContent.trim();

  const setAttributes = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value) element.setAttribute(name, value);
      else element.removeAttribute(name);
    }
  };

  // The rich text editor stands beside the textarea that it replaces, and says all that the textarea would.
  const nameEditor = (box) => {
    const field = box.querySelector("textarea");
    const editor = box.querySelector("[contenteditable=true]");
    if (!field || !editor) return;
    const name = [labelOf(field) || "Text", rowNameOf(field)].filter(Boolean).join(": ");
    const about = [`${field.id}_helptext`, `${field.id}_error`].filter((id) => document.getElementById(id));
    setAttributes(editor, {
      "aria-label": name,
      "aria-multiline": "true",
      "aria-describedby": about.join(" "),
      "aria-invalid": field.getAttribute("aria-invalid"),
    });
    const bar = box.querySelector(".prose-menubar");
    if (bar) nameToolbar(bar, `${name}: formatting`);
  };

  const nameToolbar = (bar, name) => {
    if (!bar.hasAttribute("role")) {
      const what = { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] };
      new MutationObserver(() => nameButtons(bar)).observe(bar, what);
    }
    setAttributes(bar, { role: "toolbar", "aria-label": name });
    nameButtons(bar);
  };

  const nameButtons = (bar) => {
    for (const button of bar.querySelectorAll(".prose-menubar__button")) {
      const item = button.dataset.name;
      const kind = button.title.replace(/^Kind of text(: )?/, "");
      const title = item ? ITEMS[item] || button.title : kind ? `Kind of text: ${kind}` : "Kind of text";
      const has = (state) => String(button.classList.contains(state));
      setAttributes(button, {
        title,
        "aria-label": title,
        "aria-pressed": TOGGLES.includes(item) ? has("active") : null,
        "aria-disabled": item ? has("disabled") : null,
      });
    }
  };

  // Select2 puts its search field, and a button that empties it, into a list of what is chosen.
  const nameChoices = () => {
    for (const box of document.querySelectorAll(".select2-container")) {
      const name = box.previousElementSibling ? labelOf(box.previousElementSibling) : "";
      const search = box.querySelector(".select2-search__field:not([aria-label])");
      if (search) search.setAttribute("aria-label", name || "Search");
      const list = box.querySelector("ul.select2-selection__rendered");
      const clear = list?.querySelector(":scope > .select2-selection__clear");
      if (clear) list.before(clear);
    }
  };

  const nameNew = () => {
    for (const part of document.querySelectorAll("[contenteditable=true]:not([aria-label]), .prose-menubar:not([role])")) {
      nameEditor(part.closest(".prose-editor") || part);
    }
    nameChoices();
  };

  // Django counts rows anew when one is added or removed; their names and what points to them follow.
  const nameRows = () => {
    for (const group of document.querySelectorAll(".inline-group")) {
      group.querySelectorAll(".inline-related").forEach((row, index) => {
        const name = row.querySelector(".row-name");
        const number = name?.querySelector(".row-number");
        if (number) number.textContent = index + 1;
        if (name) row.setAttribute("aria-labelledby", name.id);
        row.querySelector(".inline-deletelink")?.setAttribute("aria-label", `Remove: ${name?.textContent.trim()}`);
        for (const field of row.querySelectorAll("[aria-describedby*=__prefix__][id]")) {
          field.setAttribute("aria-describedby", `${field.id}_helptext`);
        }
      });
    }
    document.querySelectorAll(".prose-editor").forEach(nameEditor);
  };

  // A way to a rich text leads to its editor: the textarea that it names is hidden.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#id_"]');
    const field = link && document.getElementById(link.hash.slice(1));
    const editor = field?.closest(".prose-editor")?.querySelector("[contenteditable=true]");
    if (!editor) return;
    event.preventDefault();
    editor.focus();
  });

  document.addEventListener("formset:added", nameRows);
  document.addEventListener("formset:removed", () => setTimeout(nameRows)); // Django counts after it has told
  document.getElementById("searchbar")?.setAttribute("aria-label", "Search this list");
  nameNew();
  new MutationObserver(nameNew).observe(document.body, { childList: true, subtree: true });
  window.addEventListener("load", nameRows);
})();
