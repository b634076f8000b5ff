// What every page has: forms to the API, shortcuts, dialogs and menus, charts.
import { forgetDrafts } from "./drafts.js";
import { watchForms } from "./forms.js";
import { showShortcuts, watchKeys } from "./keys.js";

document.documentElement.classList.add("has-scripts");
watchForms();
watchKeys();

document.addEventListener("click", ({ target }) => {
  const opener = target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  const closer = target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  if (target.closest("[data-opens-shortcuts]")) showShortcuts();
  const menu = target.closest("details.menu");
  document.querySelectorAll("details.menu[open]").forEach((each) => each !== menu && each.removeAttribute("open"));
});
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary").focus();
});
document.addEventListener("submit", ({ target }) => target.matches(".signed-in form[action^='/sign-out']") && forgetDrafts());

if (document.querySelector("figure.chart")) import("./charts.js").then(({ watchCharts }) => watchCharts());
