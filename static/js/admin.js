// Names for what the admin's widgets build and leave without one. Everything here works without this file too.
(() => {
  "use strict";

  const labelOf = (field) => {
    const label = field.id && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    return label ? label.textContent.replace(/:\s*$/, "").trim() : "";
  };

  // The rich text editor stands beside the textarea that it replaces.
  const nameEditors = () => {
    for (const editor of document.querySelectorAll("[contenteditable=true]:not([aria-label])")) {
      const field = editor.closest(".prose-editor")?.querySelector("textarea");
      editor.setAttribute("aria-label", (field && labelOf(field)) || "Text");
      editor.setAttribute("aria-multiline", "true");
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

  const nameAll = () => {
    nameEditors();
    nameChoices();
  };

  document.getElementById("searchbar")?.setAttribute("aria-label", "Search this list");
  nameAll();
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
})();
