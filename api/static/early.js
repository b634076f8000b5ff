// Runs before the page is shown. What is sent or pressed before the modules have run waits for them: they are deferred, so
// they have when the document is ready.
const early = [];

function hold(event) {
  const part = event.target.closest(event.type === "submit" ? "form[data-api]" : "button[type=button]");
  if (!part) return;
  event.preventDefault();
  event.stopPropagation();
  part.setAttribute("aria-busy", "true");
  early.push(part);
}

function goOn() {
  document.removeEventListener("submit", hold, true);
  document.removeEventListener("click", hold, true);
  for (const part of new Set(early)) {
    part.removeAttribute("aria-busy");
    if (part.matches("form")) part.requestSubmit();
    else part.click();
  }
}

document.addEventListener("submit", hold, true);
document.addEventListener("click", hold, true);
document.addEventListener("DOMContentLoaded", goOn, { once: true });
