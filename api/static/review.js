// Judging with the keyboard alone: n and p go from finding to finding, 1 to 4 choose the outcome, r writes the reason.
import { Refused, send } from "./api.js";
import { showRefusal } from "./forms.js";
import { text } from "./texts.js";

const findings = [...document.querySelectorAll("[data-finding]")];
let place = -1;

function quoteOf(finding) {
  const link = finding.querySelector("a[href^='#u']");
  return link ? document.querySelector(link.getAttribute("href")) : null;
}

function go(step) {
  if (!findings.length) return;
  findings[place]?.classList.remove("is-current");
  place = (place + step + findings.length) % findings.length;
  const finding = findings[place];
  finding.classList.add("is-current");
  finding.scrollIntoView({ block: "nearest" });
  quoteOf(finding)?.scrollIntoView({ block: "center" });
  document.querySelectorAll(".utterance.is-shown").forEach((each) => each.classList.remove("is-shown"));
  quoteOf(finding)?.classList.add("is-shown");
  // The keys 1 to 4 and r are those of the finding at hand.
  document.querySelectorAll(".verdict [data-key]").forEach((each) => each.removeAttribute("data-key"));
  const fields = finding.querySelector(".verdict");
  if (!fields) return;
  fields.querySelectorAll("input[type=radio]").forEach((each) => { each.dataset.key = each.dataset.number; });
  const reason = fields.querySelector(".verdict-reason input");
  reason.dataset.key = "r";
  reason.dataset.keyLabel = reason.closest("label").textContent.trim();
  // The group and not a choice of it: the space bar plays on and chooses nothing.
  fields.tabIndex = -1;
  fields.focus({ preventScroll: true });
}

function chosen(fields) {
  return fields.querySelector("input[type=radio]:checked");
}

function refresh(form) {
  for (const fields of form.querySelectorAll(".verdict")) {
    const outcome = chosen(fields)?.value;
    fields.toggleAttribute("data-unsent", !outcome);
    fields.classList.toggle("is-other", Boolean(outcome && fields.dataset.machine && outcome !== fields.dataset.machine));
  }
}

async function takeNext(form) {
  try {
    const claim = await send("POST", "/api/v1/queue/claims", {});
    const place = claim.blind ? `/sheets/${claim.id}` : `/contacts/${encodeURIComponent(claim.contact_id)}`;
    location.assign(place + new URL(form.dataset.queue, location).search); // the language of the address
  } catch {
    location.assign(form.dataset.queue); // nothing waits any more, or the queue tells why
  }
}

function watch(form) {
  let goesOn = false;
  refresh(form);
  form.addEventListener("change", () => refresh(form));
  form.addEventListener("callqa:restored", () => refresh(form));
  form.addEventListener("click", ({ target }) => { goesOn = target.matches("[data-next]"); });
  // Before the module of all forms hears of it.
  form.addEventListener("submit", (event) => {
    if ([...form.querySelectorAll(".verdict")].some(chosen) || form.elements.comment.value.trim()) return;
    event.preventDefault();
    event.stopPropagation();
    showRefusal(form, new Refused(422, { message: text("nothing_judged"), hint: text("judge_first") }));
  });
  form.addEventListener("callqa:done", () => {
    if (goesOn) takeNext(form);
    else if (form.dataset.after) location.assign(form.dataset.after);
    else location.reload();
  });
  document.getElementById("agree")?.addEventListener("click", () => {
    for (const fields of form.querySelectorAll(".verdict")) {
      const same = fields.querySelector(`input[type=radio][value="${fields.dataset.machine}"]`);
      if (same && !chosen(fields)) same.checked = true;
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
    refresh(form);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches(".verdict-reason input")) {
      event.target.closest(".verdict").querySelector("input[type=radio]").focus();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    else if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); // not by accident
  });
}

export function watchReview() {
  document.querySelectorAll("[data-step]").forEach((button) =>
    button.addEventListener("click", () => go(Number(button.dataset.step))));
  const form = document.getElementById("review");
  if (form) watch(form);
}
