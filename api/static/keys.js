// Keyboard: an element with data-key is clicked, or focused when it takes text, by its key. "?" shows them all.
//
//   <button data-key="n" data-key-label="Next finding">
import { text } from "./texts.js";

const TYPING = "input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=submit]), textarea, select, [contenteditable]";
const shown = (element) => element.checkVisibility() && !element.disabled;

function act(element) {
  if (element.matches(TYPING)) element.focus();
  else {
    // A button keeps out of the focus: the space bar would press it again instead of playing on.
    if (element.tabIndex >= 0 && !element.matches("button")) element.focus();
    element.click();
  }
}

/** Open the dialog that lists the shortcuts of this page. */
export function showShortcuts() {
  const dialog = document.getElementById("shortcuts");
  const list = dialog.querySelector("dl");
  const rows = new Map([["?", text("shortcuts")]]);
  for (const element of document.querySelectorAll("[data-key]")) {
    if (shown(element)) rows.set(element.dataset.key, element.dataset.keyLabel ?? element.textContent.trim());
  }
  list.replaceChildren(
    ...[...rows].map(([key, label]) => {
      const row = document.createElement("div");
      const [term, meaning] = [document.createElement("dt"), document.createElement("dd")];
      const cap = document.createElement("kbd");
      cap.textContent = key === " " ? text("space") : key;
      term.append(cap);
      meaning.textContent = label;
      row.append(term, meaning);
      return row;
    }),
  );
  dialog.showModal();
}

export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest(TYPING)) return;
    if (event.key === "?") {
      event.preventDefault();
      return showShortcuts();
    }
    const inside = event.target.closest("dialog[open]") ?? document;
    if (event.key === " " && event.target.closest("button, a, summary, [role=button], input:not([type=radio]:checked)")) return;
    const found = [...inside.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key && shown(each));
    if (!found) return;
    event.preventDefault();
    act(found);
  });
}
