// Runs before the page is shown: a form that is sent before the modules have come waits for them (see forms.js).
window.callqaEarly = { forms: new Set(), hold: null };
callqaEarly.hold = (event) => {
  if (!event.target.matches("form[data-api]")) return;
  event.preventDefault();
  event.target.setAttribute("aria-busy", "true");
  callqaEarly.forms.add(event.target);
};
document.addEventListener("submit", callqaEarly.hold);
