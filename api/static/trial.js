// Trying the text of a scorecard on past contacts: what comes out, and who is judged otherwise than before.
import { Refused, send } from "./api.js";
import { documentOf, showRefusal } from "./forms.js";
import { text } from "./texts.js";

const OUTCOMES = ["met", "partly_met", "not_met", "not_applicable", "undetermined"];
const form = document.getElementById("trial");
const place = document.getElementById("tried");
const points = (value) => (value === null ? "–" : value.toFixed(1));

function make(tag, words, ...children) {
  const found = document.createElement(tag);
  if (words !== null) found.textContent = words;
  found.append(...children);
  return found;
}

function links(ids) {
  return ids.flatMap((id, index) => {
    const link = make("a", id);
    link.href = `/contacts/${encodeURIComponent(id)}${location.search.includes("lang=") ? `?lang=${new URLSearchParams(location.search).get("lang")}` : ""}`;
    return index ? [", ", link] : [link];
  });
}

function counts(one) {
  return OUTCOMES.filter((name) => one.outcomes[name] || one.outcomes_before?.[name])
    .map((name) => {
      const before = one.outcomes_before && one.outcomes_before[name] !== one.outcomes[name] ? `${one.outcomes_before[name]} → ` : "";
      return `${text(name)} ${before}${one.outcomes[name]}`;
    })
    .join(" · ");
}

function flips(one, against) {
  const changes = (against?.changes ?? []).filter((change) => change.criterion_id === one.id);
  if (!changes.length) return [make("span", against?.added.includes(one.id) ? text("new") : "–")];
  return changes.map((change) => {
    const more = change.count - change.contact_ids.length;
    const line = make("div", `${text(change.before)} → ${text(change.after)} (${change.count}): `, ...links(change.contact_ids));
    if (more > 0) line.append(` ${text("and_more", { count: more })}`);
    return line;
  });
}

function table(answer) {
  const head = make("tr", null, ...["criterion", "outcomes", "flips"].map((name) => make("th", text(name))));
  head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
  const rows = answer.criteria.map((one) => {
    const name = make("th", one.name);
    name.scope = "row";
    const cells = [make("td", counts(one)), make("td", null, ...flips(one, answer.against))];
    ["outcomes", "flips"].forEach((words, index) => (cells[index].dataset.label = text(words)));
    return make("tr", null, name, ...cells);
  });
  const found = make("table", null, make("thead", null, head), make("tbody", null, ...rows));
  found.className = "stack";
  const around = make("div", null, found);
  around.className = "scroll";
  return around;
}

function show(answer) {
  if (!answer.contacts) return place.replaceChildren(make("p", text("none_fit")));
  const { against } = answer;
  const lines = [make("p", text("tried", answer)), make("p", text("points", { ...answer, mean: points(answer.mean_points) }))];
  if (against) {
    lines.push(make("p", text("points_before", { ...against, mean: points(against.mean_points) })));
    lines.push(make("p", text("moved", { ...against, mean: points(against.mean_change_points) })));
    for (const name of ["passes", "fails"]) if (against[name].length) lines.push(make("p", `${text(name)}: `, ...links(against[name])));
    if (against.removed.length) lines.push(make("p", `${text("removed")}: ${against.removed.join(", ")}`));
  }
  place.replaceChildren(...lines, table(answer));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  form.querySelector(".form-alert")?.replaceChildren();
  place.replaceChildren(make("p", text("working")));
  const said = documentOf(form);
  const wanted = { text: document.getElementById("text").value, contacts: Number(said.contacts) };
  if (said.against_version) Object.assign(wanted, { against: said.against, against_version: Number(said.against_version) });
  try {
    show(await send("POST", "/api/v1/scorecards/try", wanted));
  } catch (problem) {
    place.replaceChildren();
    if (!(problem instanceof Refused)) throw problem;
    showRefusal(form, problem);
  } finally {
    form.removeAttribute("aria-busy");
  }
});
