// The waveform of each channel on a canvas: a click or the arrow keys go to a place.
import { text } from "./texts.js";

const HEIGHT = 46;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const COLOURS = { agent: "--accent", customer: "--partly" };

function rowOf(channel) {
  const row = document.createElement("div");
  row.className = "wave";
  const name = document.createElement("span");
  name.className = "wave-name";
  name.textContent = text(channel.role);
  const canvas = document.createElement("canvas");
  row.append(name, canvas);
  return { row, canvas, channel };
}

function draw({ canvas, channel }, share) {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  if (!width) return;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const [played, ahead] = [colour(COLOURS[channel.role] ?? "--bar"), colour("--strong-line")];
  const parts = channel.waveform.length;
  if (!parts) {
    pen.fillStyle = ahead;
    pen.fillRect(0, HEIGHT / 2 - 0.5, width, 1);
  }
  for (let x = 0; x < width; x += 2) {
    const from = Math.floor((x / width) * parts);
    const to = Math.max(from + 1, Math.floor(((x + 2) / width) * parts));
    const level = Math.max(0, ...channel.waveform.slice(from, to)) / 100;
    const height = Math.max(1, level * level * HEIGHT); // squared: speech stands out of the noise of the line
    pen.fillStyle = x / width <= share ? played : ahead;
    if (parts) pen.fillRect(x, (HEIGHT - height) / 2, 1.5, height);
  }
  pen.fillStyle = colour("--ink");
  pen.fillRect(Math.min(share * width, width - 1), 0, 1, HEIGHT);
}

export function showWaves(player) {
  const block = player.block.querySelector("#waves");
  const channels = player.data.channels.length ? player.data.channels : [{ role: "unknown", waveform: [] }];
  const rows = channels.map(rowOf);
  block.replaceChildren(...rows.map(({ row }) => row));
  const share = () => (player.duration ? player.now / player.duration : 0);
  const redraw = () => {
    rows.forEach((row) => draw(row, share()));
    block.setAttribute("aria-valuemax", Math.round(player.duration));
    block.setAttribute("aria-valuenow", Math.round(player.now));
  };
  block.addEventListener("click", ({ clientX }) => {
    const box = rows[0].canvas.getBoundingClientRect();
    player.seek(((clientX - box.left) / box.width) * player.duration);
  });
  block.addEventListener("keydown", (event) => {
    const step = { Home: -Infinity, End: Infinity, PageUp: 30, PageDown: -30 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    player.seek(step === Infinity ? player.duration : player.now + step);
  });
  player.addEventListener("moved", redraw);
  new ResizeObserver(redraw).observe(block);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
}
