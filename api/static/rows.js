// Rows of a list by the keyboard: j and k go down and up, Enter opens the row that has the focus.
const TYPING = "input, textarea, select, [contenteditable]";
const links = [...document.querySelectorAll("main table tbody th[scope=row] a")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest(TYPING)) return;
  if (event.key !== "j" && event.key !== "k") return;
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? 0 : at + (event.key === "j" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});
