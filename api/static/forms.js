// Forms with data-api are sent as JSON to the API and keep what was typed until it has arrived.
//
//   <form method="dialog" data-api="/api/v1/…" data-method="PUT" data-etag="3" data-then="reload" data-draft="review/17">
//
// data-then: "reload", an address with {names} of the answer, or "none" (listen for the event callqa:done).
// method="dialog": without scripts the browser sends nothing, above all no typed words in an address.
// Names of fields: "a.b" is nested, "list[0].name" a list. data-type of a field: number, integer, boolean, lines (a list
// of its lines), list (each checked box of this name), moment (of datetime-local, sent as UTC), json. Empty fields are left out; data-empty="null" sends null.
import { Refused, newKey, send } from "./api.js";
import { clearDraft, keepDraft, restoreDraft } from "./drafts.js";
import { text } from "./texts.js";

const keys = new WeakMap();

function valueOf(field) {
  const type = field.dataset.type;
  if (field.type === "checkbox") return type === "list" ? (field.checked ? field.value : undefined) : field.checked;
  if (field.type === "radio" && !field.checked) return undefined;
  if (type === "lines") return field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const typed = type === "json" || field.dataset.keep === "spaces" ? field.value : field.value.trim();
  if (typed === "") return field.dataset.empty === "null" ? null : field.dataset.empty;
  if (type === "number" || type === "integer") return Number(typed);
  if (type === "moment") return new Date(typed).toISOString();
  if (type === "boolean") return typed === "true";
  return type === "json" ? JSON.parse(typed) : typed;
}

function put(into, path, value, isList) {
  const steps = path.match(/[^.[\]]+/g);
  const last = steps.pop();
  let at = into;
  steps.forEach((step, place) => {
    at[step] ??= /^\d+$/.test(steps[place + 1] ?? last) ? [] : {};
    at = at[step];
  });
  if (isList) (at[last] ??= []).push(value);
  else at[last] = value;
}

/** What a form says, as the document that the API takes. */
export function documentOf(form) {
  const said = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.closest("[data-unsent]")) continue;
    const isList = field.dataset.type === "list";
    if (isList) put(said, field.name, undefined, true);
    const value = valueOf(field);
    if (value !== undefined) put(said, field.name, value, isList);
  }
  return compact(said);
}

function compact(value) {
  if (Array.isArray(value)) return value.filter((each) => each !== undefined).map(compact);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, compact(each)]));
}

function alertOf(form) {
  let place = form.querySelector(":scope .form-alert");
  if (!place) {
    place = document.createElement("div");
    place.className = "form-alert alert";
    place.setAttribute("role", "alert");
    form.prepend(place);
  }
  return place;
}

/** Show why something was refused, beside what was typed. */
export function showRefusal(form, problem) {
  const place = alertOf(form);
  const lines = [problem.message, problem.hint].filter(Boolean).map((line) => {
    const shown = document.createElement("p");
    shown.textContent = line;
    return shown;
  });
  if (problem.status === 401 || problem.type === "PasswordChangeNeeded") {
    const link = document.createElement("a");
    link.href = "/sign-in";
    link.target = "_blank";
    link.textContent = text("sign_in_again");
    lines.push(link);
  }
  if (problem.status === 412 || problem.status === 409) {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = text("show_newer");
    lines.push(link);
  }
  place.replaceChildren(...lines);
  place.tabIndex = -1;
  place.focus();
  const named = problem.field && form.elements[problem.field.replace(/\.(\d+)/g, "[$1]")];
  if (named?.setAttribute) named.setAttribute("aria-invalid", "true");
}

function follow(form, answer) {
  form.dispatchEvent(new CustomEvent("callqa:done", { bubbles: true, detail: answer }));
  const then = form.dataset.then ?? "reload";
  if (then === "none") return;
  if (then === "reload") return location.reload();
  location.assign(then.replace(/\{(\w+)\}/g, (place, name) => encodeURIComponent(answer?.[name] ?? "")));
}

async function submit(event) {
  const form = event.target;
  if (!form.matches("form[data-api]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  form.querySelector(":scope .form-alert")?.replaceChildren();
  form.setAttribute("aria-busy", "true");
  try {
    if (!keys.has(form)) keys.set(form, newKey());
    const files = form.enctype === "multipart/form-data";
    const said = files ? undefined : documentOf(form);
    const isEmpty = said !== undefined && form.dataset.body === "none";
    const options = { etag: form.dataset.etag, key: "keyless" in form.dataset ? undefined : keys.get(form) };
    if (files) options.form = new FormData(form);
    const answer = await send(form.dataset.method ?? "POST", form.dataset.api, isEmpty ? undefined : said, options);
    keys.delete(form);
    clearDraft(form);
    follow(form, answer);
  } catch (problem) {
    // The same key again only where it is not known whether the request has arrived.
    if (problem.status !== 0) keys.delete(form);
    if (problem instanceof SyntaxError) showRefusal(form, new Refused(422, { message: text("not_json"), hint: "" }));
    else if (problem instanceof Refused) showRefusal(form, problem);
    else throw problem;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

export function watchForms() {
  document.addEventListener("submit", submit);
  document.addEventListener("input", ({ target }) => {
    const form = target.form;
    if (form?.dataset.draft) keepDraft(form);
    // Something else is said now: it must not be taken for a repetition of what was said before.
    if (form) keys.delete(form);
  });
  document.querySelectorAll("form[data-draft]").forEach(restoreDraft);
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[aria-busy=true]")) event.preventDefault();
  });
}
