// What was typed and not sent yet survives a reload, an ended session and a closed tab of the same browser.
import { text } from "./texts.js";

const LIFE_MS = 7 * 86_400_000;
const nameOf = (form) => `callqa draft ${document.body.dataset.person} ${form.dataset.draft}`;
const isKept = (field) => field.name && field.type !== "password" && field.type !== "file" && field.type !== "hidden";

/** Keep what a form holds now. */
export function keepDraft(form) {
  const fields = [...form.elements].filter(isKept).map((field) => [
    field.name,
    ["checkbox", "radio"].includes(field.type) ? `${field.value}\n${field.checked}` : field.value,
  ]);
  try {
    localStorage.setItem(nameOf(form), JSON.stringify({ at: Date.now(), fields }));
  } catch {
    // Storage is full or forbidden: the form itself still holds what was typed.
  }
}

export function clearDraft(form) {
  if (form.dataset.draft) localStorage.removeItem(nameOf(form));
}

/** Fill in what was kept, and offer to drop it. */
export function restoreDraft(form) {
  const kept = JSON.parse(localStorage.getItem(nameOf(form)) ?? "null");
  if (!kept || Date.now() - kept.at > LIFE_MS) return clearDraft(form);
  const waiting = [...kept.fields];
  for (const field of [...form.elements].filter(isKept)) {
    const place = waiting.findIndex(([name, value]) => name === field.name &&
      (!["checkbox", "radio"].includes(field.type) || value.startsWith(`${field.value}\n`)));
    if (place < 0) continue;
    const [[, value]] = waiting.splice(place, 1);
    if (["checkbox", "radio"].includes(field.type)) field.checked = value.endsWith("\ntrue");
    else field.value = value;
  }
  const note = document.createElement("p");
  note.className = "draft-note";
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "quiet";
  drop.textContent = text("drop_draft");
  drop.addEventListener("click", () => {
    clearDraft(form);
    form.reset();
    note.remove();
    form.dispatchEvent(new CustomEvent("callqa:restored", { bubbles: true }));
  });
  note.append(text("draft_restored"), " ", drop);
  form.prepend(note);
  form.dispatchEvent(new CustomEvent("callqa:restored", { bubbles: true }));
}

/** Drop everything that a person has typed here: they have signed out. */
export function forgetDrafts() {
  Object.keys(localStorage).filter((name) => name.startsWith("callqa draft ")).forEach((name) => localStorage.removeItem(name));
}
