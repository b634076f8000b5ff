// The page of a period: what it waits for is fetched after the page is there, and evaluating is followed to its end.
import { send } from "./api.js";
import { text } from "./texts.js";

const paragraph = (words, name = "") => Object.assign(document.createElement("p"), { textContent: words, className: name });
const filled = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

async function showWaiting(place) {
  const link = place.innerHTML;
  place.replaceChildren(paragraph(text("checking"), "empty"));
  try {
    const answer = await fetch(place.dataset.waiting);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#waiting");
    if (answer.ok && found) place.replaceChildren(...found.childNodes);
    else place.innerHTML = link; // our own markup from above: the way by hand
  } catch {
    place.innerHTML = link;
  }
}

function reloadLink() {
  const link = Object.assign(document.createElement("a"), { href: location.href, textContent: text("reload") });
  const line = paragraph("");
  line.append(link);
  return line;
}

async function follow(job, place) {
  place.replaceChildren(paragraph(text("job_runs")));
  for (;;) {
    await new Promise((done) => setTimeout(done, 2000));
    const { state } = await send("GET", `/api/v1/jobs/${job}`);
    if (state === "done") return place.replaceChildren(paragraph(text("job_done")), reloadLink());
    if (["failed", "cancelled"].includes(state)) return place.replaceChildren(paragraph(text("job_failed"), "alert"));
  }
}

document.querySelectorAll("[data-waiting]").forEach(showWaiting);
document.querySelectorAll("form[data-evaluate]").forEach((form) =>
  form.addEventListener("callqa:done", ({ detail }) => {
    const place = document.getElementById("evaluated");
    if (detail.job) return follow(detail.job, place);
    const lines = [filled(text("evaluated"), { count: detail.evaluated_count, stored: detail.stored_count })];
    if (detail.unassigned_contacts) lines.push(filled(text("unassigned"), { count: detail.unassigned_contacts }));
    place.replaceChildren(...[...lines, ...detail.notes].map((line) => paragraph(line)), reloadLink());
  }));
