// A batch: sending its files while it is a draft, following it live while it runs.
import { text } from "./texts.js";

const AT_ONCE = 3;
const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

function cell(kind, words, label) {
  const made = document.createElement(kind);
  made.textContent = words;
  if (kind === "th") {
    made.scope = "row";
    made.className = "path";
  }
  if (label) made.dataset.label = label;
  return made;
}

function uploads(block) {
  const rows = document.querySelector("#uploads tbody");
  const waiting = [];
  let running = 0;

  function told(state, words, again) {
    state.replaceChildren(words);
    if (!again) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = text("retry");
    button.addEventListener("click", again);
    state.append(" ", button);
  }

  function send(file, state, onEnd) {
    const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
    request.open("PUT", `${block.dataset.api}${encodeURIComponent(file.name)}?lang=${language}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => { state.textContent = `${Math.floor((loaded / total) * 100)} %`; });
    const again = () => add(file, state);
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page */ }
      if (request.status < 300) {
        const refused = answer.refused ?? [];
        told(state, refused.length ? text("refused_entries", { count: refused.length, first: refused[0].message }) : text("received"));
      } else told(state, [answer.error?.message ?? text("unread"), answer.error?.hint].filter(Boolean).join(" "), again);
      onEnd();
    });
    for (const kind of ["error", "abort", "timeout"]) {
      request.addEventListener(kind, () => { told(state, text("offline"), again); onEnd(); });
    }
    request.send(file);
  }

  function next() {
    while (running < AT_ONCE && waiting.length) {
      const [file, state] = waiting.shift();
      running += 1;
      block.querySelectorAll("form button").forEach((button) => { button.disabled = true; });
      send(file, state, () => {
        running -= 1;
        next();
      });
    }
    if (!running) block.querySelectorAll("form button").forEach((button) => { button.disabled = false; });
  }

  function add(file, known) {
    const state = known ?? document.createElement("td");
    state.textContent = text("waiting");
    if (!known) {
      const row = document.createElement("tr");
      const size = cell("td", `${Math.ceil(file.size / 1024).toLocaleString(language)} kB`);
      size.className = "num";
      row.append(cell("th", file.name), size, state);
      rows.append(row);
    }
    if (file.size > block.dataset.limitMb * 1048576) return told(state, text("too_large", { size: block.dataset.limitMb }));
    waiting.push([file, state]);
    next();
  }

  const drop = document.getElementById("drop");
  document.getElementById("files").addEventListener("change", ({ target }) => {
    [...target.files].forEach((file) => add(file));
    target.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    [...event.dataTransfer.files].forEach((file) => add(file));
  });
  addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
}

function live(block) {
  const by = (id) => document.getElementById(id);
  const number = new Intl.NumberFormat(language);
  const events = new EventSource(`${block.dataset.events}?lang=${language}`);

  function show({ state, progress, counts }) {
    by("state").textContent = text(state);
    by("state").className = `status status-${state}`;
    by("finished").textContent = number.format(progress.finished);
    by("total").textContent = progress.total === null ? "–" : number.format(progress.total);
    by("bar").max = progress.total || 1;
    by("bar").value = progress.finished;
    by("current").textContent = progress.current;
    for (const kind of ["done", "pending", "failed"]) by(kind).textContent = number.format(counts[kind]);
  }

  events.addEventListener("progress", ({ data }) => show(JSON.parse(data)));
  events.addEventListener("contact", ({ data }) => {
    const item = JSON.parse(data);
    const row = document.createElement("tr");
    const outcome = cell("td", "", text("outcome"));
    const mark = document.createElement("span");
    mark.className = `status status-${item.outcome}`;
    mark.textContent = text(item.outcome);
    outcome.append(mark);
    const name = cell("th", item.path.split("/").at(-1));
    if (item.outcome === "done" && item.contact_id) {
      const link = document.createElement("a");
      link.href = `/contacts/${encodeURIComponent(item.contact_id)}`;
      link.textContent = name.textContent;
      name.replaceChildren(link);
    }
    row.append(name, outcome, cell("td", item.error?.message ?? "", text("why")), cell("td", item.error?.hint ?? "", text("what_to_do")));
    document.querySelector("#items tbody").prepend(row);
  });
  events.addEventListener("end", ({ data }) => {
    show(JSON.parse(data));
    events.close();
    location.reload(); // the steps that are possible now, and the items in order
  });
}

const upload = document.getElementById("upload");
if (upload) uploads(upload);
const running = document.querySelector("#live[data-running]");
if (running) live(running);
