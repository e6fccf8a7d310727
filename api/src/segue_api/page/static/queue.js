// What is played, what was, and what comes next; kept over a reload of the tab.

import { catalogue, user } from "./api.js";

const STORED = "segue-queue";
const owner = () => JSON.stringify([catalogue(), user()]);

export class Queue {
  constructor() {
    this.tracks = [];
    this.at = -1;
  }

  get current() {
    return this.tracks[this.at] ?? null;
  }

  get coming() {
    return this.tracks.slice(this.at + 1);
  }

  replace(tracks, at) {
    this.tracks = [...tracks];
    this.at = at;
  }

  add(track, isNext) {
    const place = isNext ? this.at + 1 : this.tracks.length;
    this.tracks.splice(place, 0, track);
  }

  append(tracks) {
    const known = new Set(this.tracks.map((one) => one.id));
    this.tracks.push(...tracks.filter((one) => !known.has(one.id)));
  }

  remove(place) {
    this.tracks.splice(place, 1);
    if (place < this.at) this.at -= 1;
  }

  /** Removes those that come and are unwanted. */
  dropComing(isUnwanted) {
    this.tracks = this.tracks.filter((track, place) => place <= this.at || !isUnwanted(track));
  }

  clear() {
    this.tracks.splice(this.at + 1);
  }

  move(step) {
    const there = this.at + step;
    if (there < 0 || there >= this.tracks.length) return false;
    this.at = there;
    return true;
  }

  save(seconds) {
    try {
      const kept = { owner: owner(), tracks: this.tracks.slice(-200), seconds };
      kept.at = this.at - (this.tracks.length - kept.tracks.length);
      sessionStorage.setItem(STORED, JSON.stringify(kept));
    } catch {
      // a full or forbidden storage costs nothing but the queue after a reload
    }
  }

  /** Brings back what was kept; returns the position in seconds. */
  restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
      if (kept?.owner !== owner()) return 0;
      this.replace(kept.tracks, kept.at);
      return kept.seconds ?? 0;
    } catch {
      return 0;
    }
  }
}
