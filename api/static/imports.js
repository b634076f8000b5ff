// Tables that are sent to be imported: how they are to be read stands in the address, what became of them below.
import { text } from "./texts.js";

const filled = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const element = (name, words = "") => Object.assign(document.createElement(name), { textContent: words });

function addressOf(form, base) {
  const asked = [...form.querySelectorAll("[data-query]")]
    .filter((field) => (field.type === "checkbox" ? field.checked : field.value.trim()))
    .map((field) => [field.dataset.query, field.value.trim()]);
  return asked.length ? `${base}?${new URLSearchParams(asked)}` : base;
}

function refusedTable(rows) {
  const table = element("table");
  table.className = "compact stack";
  const names = ["row", "column", "why", "what_to_do"].map(text);
  const head = table.createTHead().insertRow();
  names.forEach((name) => head.append(Object.assign(element("th", name), { scope: "col" })));
  const body = table.createTBody();
  for (const { row, field, message, hint } of rows) {
    const line = body.insertRow();
    [row ?? "–", field ?? "–", message, hint || "–"].forEach((words, place) => {
      line.insertCell().textContent = words;
      line.cells[place].dataset.label = names[place];
    });
  }
  return table;
}

function show(answer) {
  const place = document.getElementById("import-result");
  const counts = [
    filled(text("imported"), { count: answer.imported }), filled(text("unchanged"), { count: answer.unchanged }),
    filled(text("refused"), { count: answer.rejected_count }),
  ];
  const more = [];
  const listed = (key, names) => names?.length && more.push(filled(text(key), { names: names.join(", ") }));
  listed("months", answer.periods);
  listed("new_agents", answer.new_agents);
  listed("ignored", answer.ignored_columns);
  if (answer.contradicted?.length) more.push(filled(text("contradicted"), { count: answer.contradicted.length }));
  const parts = [element("h3", counts.join(" · ")), ...[...more, ...(answer.notes ?? [])].map((line) => element("p", line))];
  if (answer.rejected_count) parts.push(refusedTable(answer.rejected));
  else parts.push(element("p", text("all_taken")));
  if (answer.rejected_count > answer.rejected.length) parts.push(element("p", filled(text("first_rows"), { count: answer.rejected.length })));
  place.replaceChildren(...parts);
  place.scrollIntoView({ block: "nearest" });
}

document.querySelectorAll("form[data-imports]").forEach((form) => {
  const base = form.dataset.api;
  // Before the form is sent: this runs in the capturing phase, forms.js in the bubbling one.
  form.addEventListener("submit", () => { form.dataset.api = addressOf(form, base); }, true);
  form.addEventListener("callqa:done", ({ detail }) => show(detail));
});
