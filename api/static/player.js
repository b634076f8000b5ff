// One clock over the recordings of a call: one file, or one for each party, that play together.
import { text } from "./texts.js";

const FOLLOW_S = 0.15; // two files of one call may drift apart by this before the second is brought back

export class Player extends EventTarget {
  constructor(block) {
    super();
    this.block = block;
    this.data = JSON.parse(block.querySelector("#player-data").textContent);
    this.tracks = [...block.querySelectorAll("audio")];
    this.skips = false;
    this.#listen();
  }

  get lead() {
    return this.tracks[0];
  }

  get now() {
    return this.lead.currentTime;
  }

  get duration() {
    const known = this.tracks.map((track) => track.duration).filter(Number.isFinite);
    return this.data.duration_s ?? Math.max(0, ...(known.length ? known : this.data.said.map(([, , end]) => end)));
  }

  get playing() {
    return !this.lead.paused;
  }

  #listen() {
    this.lead.addEventListener("play", () => this.#all((track) => track.play().catch(() => {})));
    this.lead.addEventListener("pause", () => this.#all((track) => track.pause()));
    this.lead.addEventListener("loadedmetadata", () => this.#checkLength());
    for (const kind of ["timeupdate", "play", "pause", "loadedmetadata", "seeked"]) {
      this.lead.addEventListener(kind, () => this.#tick());
    }
    for (const track of this.tracks) track.addEventListener("error", () => this.#tell(text("no_recording")));
  }

  #all(act) {
    this.tracks.slice(1).forEach(act);
  }

  #tell(words) {
    this.block.querySelector("#player-problem").textContent = words;
  }

  #checkLength() {
    const last = Math.max(0, ...this.data.said.map(([, start]) => start));
    const longest = Math.max(...this.tracks.map((track) => track.duration || 0));
    if (last > longest + 1) this.#tell(text("shorter"));
  }

  #tick() {
    this.#all((track) => {
      if (Math.abs(track.currentTime - this.now) > FOLLOW_S) track.currentTime = this.now;
    });
    if (this.skips && this.playing) this.#skipSilence();
    this.dispatchEvent(new Event("moved"));
  }

  #skipSilence() {
    const spoken = this.data.speech.length ? this.data.speech : this.data.said.map(([, start, end]) => [start, end]);
    const next = spoken.find(([, end]) => end > this.now);
    if (next && next[0] - this.now > 1) this.seek(next[0] - 0.2);
  }

  seek(seconds) {
    const place = Math.min(Math.max(0, seconds), this.duration || seconds);
    this.tracks.forEach((track) => { track.currentTime = place; });
    this.dispatchEvent(new Event("moved")); // a recording that is not fetched yet tells of no seeking
  }

  toggle() {
    if (this.playing) this.lead.pause();
    else this.lead.play().catch(() => this.#tell(text("no_recording")));
  }

  playFrom(seconds) {
    this.seek(seconds);
    if (!this.playing) this.toggle();
  }

  speed(rate) {
    this.tracks.forEach((track) => { track.playbackRate = rate; });
  }
}
