// The editor of rule files: line numbers, indenting that does not trap the keyboard, and checking the text.
import { Refused, send } from "./api.js";
import { showRefusal } from "./forms.js";
import { text } from "./texts.js";

const form = document.getElementById("rule");
const area = document.getElementById("text");
const numbers = form.querySelector(".line-numbers");
const found = document.getElementById("found");
let leaves = false;

function number() {
  const count = area.value.split("\n").length;
  if (numbers.childElementCount !== count) {
    numbers.replaceChildren(
      ...Array.from({ length: count }, (_, place) => {
        const line = document.createElement("span");
        line.textContent = place + 1;
        return line;
      }),
    );
  }
  numbers.scrollTop = area.scrollTop;
}

function indent(event) {
  if (event.key === "Escape") leaves = true;
  else if (event.key !== "Tab") leaves = false;
  else if (!leaves && !event.shiftKey) {
    event.preventDefault();
    area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Put the cursor on a line, counted from 1. */
function goTo(row) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, row - 1).reduce((sum, line) => sum + line.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[row - 1]?.length ?? 0));
  area.scrollTop = Math.max(0, (row - 6) * (area.scrollHeight / lines.length));
}

function remark(problem) {
  const line = document.createElement("li");
  line.className = `remark-${problem.severity}`;
  if (problem.row) {
    const place = document.createElement("button");
    place.type = "button";
    place.className = "quiet";
    place.textContent = text("line", { row: problem.row });
    place.addEventListener("click", () => goTo(problem.row));
    line.append(place, " ");
  }
  const told = document.createElement("b");
  told.textContent = problem.message;
  line.append(told, ` ${problem.hint}`);
  if (problem.field) {
    const field = document.createElement("span");
    field.className = "muted id";
    field.textContent = ` ${problem.field}`;
    line.append(field);
  }
  return line;
}

function list(title, problems) {
  if (!problems.length) return [];
  const head = document.createElement("h2");
  head.textContent = text(title, { count: problems.length });
  const lines = document.createElement("ul");
  lines.className = "remarks";
  lines.append(...problems.map(remark));
  return [head, lines];
}

function show(answer) {
  const parts = [...list("wrong", answer.errors), ...list("doubtful", answer.warnings)];
  if (!parts.length) {
    const fine = document.createElement("p");
    fine.textContent = text("fine");
    parts.push(fine);
  }
  found.hidden = false;
  found.replaceChildren(...parts);
}

document.getElementById("check").addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  form.querySelector(".form-alert")?.replaceChildren();
  try {
    show(await send("POST", button.dataset.apiCheck, { text: area.value }));
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    showRefusal(form, problem);
  } finally {
    button.disabled = false;
  }
});
area.addEventListener("keydown", indent);
area.addEventListener("blur", () => (leaves = false));
area.addEventListener("input", number);
area.addEventListener("scroll", number);
number();
