// The page of a contact: player, waveform, transcript, review.
import { Player } from "./player.js";
import { watchReview } from "./review.js";
import { followTranscript } from "./transcript.js";
import { showWaves } from "./waves.js";

const clock = (seconds) => {
  const whole = Math.floor(seconds || 0);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
};

function startPlayer(block) {
  const player = new Player(block);
  const by = (id) => block.querySelector(`#${id}`);
  by("play").addEventListener("click", () => player.toggle());
  by("speed").addEventListener("change", ({ target }) => player.speed(Number(target.value)));
  by("skip").addEventListener("change", ({ target }) => { player.skips = target.checked; });
  block.querySelectorAll("[data-seek]").forEach((button) =>
    button.addEventListener("click", () => player.seek(player.now + Number(button.dataset.seek))));
  player.addEventListener("moved", () => {
    by("now").textContent = clock(player.now);
    by("whole").textContent = clock(player.duration);
    by("play").classList.toggle("is-playing", player.playing);
  });
  showWaves(player);
  followTranscript(player);
}

const block = document.getElementById("player");
if (block) startPlayer(block);
watchReview();
