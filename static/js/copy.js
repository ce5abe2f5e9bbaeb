// A button copies the text of a field. Without scripts it is not there, and the text is selected by hand.
"use strict";

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const said = button.parentElement.querySelector("[role=status] > *");
  button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.hidden = false;
    } catch {
      // The browser does not allow it, as without https: the text stays selected.
      field.focus();
    }
  });
}
