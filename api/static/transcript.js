// The transcript follows the recording; a time plays its sentence; the page does not scroll under who reads elsewhere.
const CALM_MS = 4000;

export function followTranscript(player) {
  const list = document.getElementById("said");
  if (!list) return;
  const said = player.data.said;
  let current = null;
  let touchedAt = 0;
  for (const kind of ["wheel", "touchmove", "keydown"]) {
    addEventListener(kind, () => { touchedAt = Date.now(); }, { passive: true });
  }
  player.addEventListener("moved", () => {
    const now = player.now;
    const speaking = said.filter(([, start, end]) => start <= now + 0.05 && now < Math.max(end, start + 0.5)).at(-1);
    const item = speaking ? document.getElementById(`u${speaking[0]}`) : null;
    if (item === current || (!item && player.playing)) return;
    current?.removeAttribute("aria-current");
    current = item;
    if (!item) return;
    item.setAttribute("aria-current", "true");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (player.playing && Date.now() - touchedAt > CALM_MS) {
      item.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    }
  });
  document.addEventListener("click", (event) => {
    const time = event.target.closest("a[data-at]");
    if (!time) return;
    event.preventDefault();
    history.replaceState(null, "", time.getAttribute("href"));
    player.playFrom(Number(time.dataset.at));
  });
}
