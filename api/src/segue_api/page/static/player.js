// Plays the queue, tells the service how far each track was heard, and obeys the keyboard's media keys.

import { ask, audioOf, link, operation, pictureOf, plays, segment, tell, user } from "./api.js";
import { showQueue } from "./queue_view.js";
import { clock } from "./clock.js";
import { Queue } from "./queue.js";
import { mayRefresh, refresh } from "./live_lists.js";
import { judge } from "./opinions.js";
import { say, sayError } from "./status.js";

const QUICK_SECONDS = 30;
const SEEK_SECONDS = 5;
const otherTabs = new BroadcastChannel("segue-player");
const element = (id) => document.getElementById(id);
const queue = new Queue();
let failures = 0;
let isHeard = false; // whether anything of the current track was played
let isSeeking = false;

const audio = () => element("audio");

/** Plays a track as one of a list; pauses it if it is the one that plays. */
export function playFrom(tracks, id) {
  if (!plays()) return;
  const at = Math.max(0, tracks.findIndex((one) => one.id === id));
  if (queue.current?.id === tracks[at]?.id) {
    toggle();
    return;
  }
  leave("skip");
  queue.replace(tracks, at);
  load(true);
}

/** Plays a list from its first track; one that plays already goes on, and the rest of the list follows it. */
export function playAll(tracks) {
  if (!plays() || !tracks.length) return;
  const isSame = queue.current?.id === tracks[0].id;
  if (!isSame) leave("skip");
  queue.replace(tracks, 0);
  if (!isSame) load(true);
  else {
    draw();
    start();
  }
}

/** Stops, and forgets what was played and what was to come. */
export function end() {
  if (!element("player")) return;
  isHeard = false; // nothing more is told of the listener
  audio().pause();
  audio().removeAttribute("src");
  queue.replace([], -1);
  queue.save(0);
  element("player").hidden = true;
}

/** What is played now, and what comes. */
export const queued = () => queue.tracks.slice(Math.max(0, queue.at));

/** Puts a track into the queue; plays it if nothing else is there. */
export function enqueue(track, isNext) {
  queue.add(track, isNext);
  if (queue.at < 0) {
    queue.at = 0;
    load(true);
  } else {
    say(`“${track.title}” ${isNext ? "comes next" : "is in the queue"}.`);
    draw();
  }
}

function load(isPlaying, seconds = 0) {
  const track = queue.current;
  if (!track) return;
  isHeard = false;
  audio().src = audioOf(track.id);
  if (seconds) audio().addEventListener("loadedmetadata", () => { audio().currentTime = seconds; }, { once: true });
  element("player").hidden = false;
  delete track.opinion; // it may have changed elsewhere
  draw();
  showLike(track);
  announce(track);
  if (isPlaying) start();
  extend();
}

function start() {
  audio().play().catch((error) => {
    if (error.name === "NotAllowedError") say("Press play: the browser wants you to begin.");
  });
}

export function toggle() {
  if (audio().paused) start();
  else audio().pause();
}

/** Tells how the current track ended. */
function leave(type, options = {}) {
  const track = queue.current;
  if (!track || !isHeard) return;
  isHeard = false;
  const duration = Math.round(1000 * audio().duration) || undefined;
  const position = Math.min(Math.round(1000 * audio().currentTime), duration ?? Infinity);
  tell([{ type, trackId: track.id, positionMs: position, durationMs: duration, context: track.context }], options)
    .then(() => (mayRefresh() && !options.keepalive ? refresh(type === "skip" ? `You left “${track.title}” at ${clock(position / 1000)}.` : `You heard “${track.title}”.`) : null))
    .catch(sayError);
}

async function step(by, type) {
  leave(type);
  if (by > 0 && !queue.coming.length) await extend();
  if (queue.move(by)) load(true);
  else {
    audio().pause();
    say("The queue has ended.");
  }
}

/** Keeps the queue from running out: what fits the listener and what is queued follows. */
async function extend() {
  if (queue.coming.length > 1) return;
  const queued = queue.tracks.slice(-50).map((one) => one.id);
  try {
    const found = await ask(operation(`users/${segment(user())}/recommendations`, { limit: 10, queue: queued }));
    queue.append(found.hits.map((hit) => ({
      id: hit.track.id,
      title: hit.track.title ?? hit.track.id,
      artist: hit.track.artist ?? "",
      by: hit.track.artist ?? hit.track.album ?? "",
      context: { ...found.context, rank: hit.rank, score: hit.score, ...(hit.because ? { seed: hit.because.id } : {}) },
    })));
    draw();
  } catch (error) {
    sayError(error);
  }
}

function draw() {
  const track = queue.current;
  if (!track) return;
  element("now-art").src = pictureOf(track.id);
  element("now-title").href = link("/track", { id: track.id });
  element("now-title").firstElementChild.textContent = track.title;
  element("now-artist").firstElementChild.textContent = track.by || track.artist;
  element("now-like").setAttribute("aria-pressed", track.opinion === "like");
  showQueue(queue, { play: jump, changed: draw });
  markRow();
  queue.save(audio().currentTime);
}

/** Asks what the listener thinks of a track, and fills the heart. */
async function showLike(track) {
  try {
    const { opinion } = await ask(link("/opinion", { id: track.id }));
    track.opinion ??= opinion ?? "";
    if (queue.current === track) element("now-like").setAttribute("aria-pressed", track.opinion === "like");
  } catch (error) {
    sayError(error);
  }
}

/** Takes what the listener never wants to hear again out of the queue. */
function drop({ kind, name }) {
  const isUnwanted = (track) => (kind === "tracks" ? track.id : track.artist) === name;
  queue.dropComing(isUnwanted);
  if (queue.current && isUnwanted(queue.current)) step(1, "skip");
  else draw();
}

function jump(place) {
  leave("skip");
  queue.at = place;
  load(true);
}

function markRow() {
  for (const row of document.querySelectorAll("#content [data-track]")) {
    const isCurrent = row.dataset.id === queue.current?.id;
    row.classList.toggle("playing", isCurrent);
    const button = row.querySelector(".play-over");
    if (!button) continue;
    const isPlaying = isCurrent && !audio().paused;
    button.setAttribute("aria-label", `${isPlaying ? "Pause" : "Play"} ${row.dataset.title}`);
    button.querySelector("use").setAttribute("href", isPlaying ? "#i-pause" : "#i-play");
  }
}

function announce(track) {
  if (!("mediaSession" in navigator)) return;
  const artwork = [{ src: new URL(pictureOf(track.id), location.href).href, type: "image/svg+xml", sizes: "any" }];
  navigator.mediaSession.metadata = new MediaMetadata({ title: track.title, artist: track.artist, artwork });
}

function showTime() {
  const { currentTime, duration } = audio();
  element("elapsed").textContent = clock(currentTime);
  element("total").textContent = Number.isFinite(duration) ? clock(Math.round(duration)) : "0:00";
  if (!isSeeking) element("seek").value = duration ? (1000 * currentTime) / duration : 0;
  element("seek").setAttribute("aria-valuetext", `${clock(currentTime)} of ${element("total").textContent}`);
  if (Number.isFinite(duration)) {
    navigator.mediaSession?.setPositionState?.({ duration, position: Math.min(currentTime, duration) });
  }
}

function showState() {
  const isPaused = audio().paused;
  element("toggle").setAttribute("aria-label", isPaused ? "Play" : "Pause");
  element("toggle").querySelector("use").setAttribute("href", isPaused ? "#i-play" : "#i-pause");
  markRow();
  if (!isPaused) otherTabs.postMessage("playing");
  if ("mediaSession" in navigator) navigator.mediaSession.playbackState = isPaused ? "paused" : "playing";
}

function fail() {
  const track = queue.current;
  if (!track || !audio().getAttribute("src")) return;
  isHeard = false;
  failures += 1;
  say(`“${track.title}” cannot be played here: its file is not served, or the browser does not know its format.`);
  if (failures < 4 && queue.move(1)) load(true);
}

function obeyMediaKeys() {
  if (!("mediaSession" in navigator)) return;
  const handlers = {
    play: start,
    pause: () => audio().pause(),
    nexttrack: () => step(1, "skip"),
    previoustrack: back,
    seekto: ({ seekTime }) => { audio().currentTime = seekTime; },
    seekforward: ({ seekOffset }) => { audio().currentTime += seekOffset ?? 10; },
    seekbackward: ({ seekOffset }) => { audio().currentTime -= seekOffset ?? 10; },
  };
  for (const [action, handler] of Object.entries(handlers)) navigator.mediaSession.setActionHandler(action, handler);
}

function back() {
  if (audio().currentTime > 4 || queue.at <= 0) audio().currentTime = 0;
  else step(-1, "skip");
}

export function begin() {
  if (!element("player")) return;
  const events = {
    timeupdate: showTime, loadedmetadata: showTime, play: showState, pause: showState, error: fail,
    playing: () => { isHeard = true; failures = 0; }, ended: () => step(1, "play"),
  };
  for (const [name, handler] of Object.entries(events)) audio().addEventListener(name, handler);
  element("toggle").addEventListener("click", toggle);
  element("next-track").addEventListener("click", () => step(1, "skip"));
  element("previous-track").addEventListener("click", back);
  element("seek").addEventListener("input", () => { isSeeking = true; });
  element("seek").addEventListener("change", ({ target }) => {
    isSeeking = false;
    if (audio().duration) audio().currentTime = (audio().duration * target.value) / 1000;
  });
  element("seek").addEventListener("keydown", (event) => {
    const by = { ArrowRight: SEEK_SECONDS, ArrowUp: SEEK_SECONDS, ArrowLeft: -SEEK_SECONDS, ArrowDown: -SEEK_SECONDS }[event.key];
    if (!by) return;
    event.preventDefault(); // a step of the slider is a thousandth of the track
    audio().currentTime += by;
  });
  element("volume").value = localStorage.getItem("segue-volume") ?? 80;
  audio().volume = element("volume").value / 100;
  element("volume").addEventListener("input", ({ target }) => {
    audio().volume = target.value / 100;
    localStorage.setItem("segue-volume", target.value);
  });
  element("now-like").addEventListener("click", ({ currentTarget }) => {
    const isPressed = currentTarget.getAttribute("aria-pressed") === "true";
    if (queue.current) judge(queue.current, "like", isPressed);
  });
  document.addEventListener("segue:opinion", ({ detail }) => {
    for (const track of queue.tracks) if (track.id === detail.id) track.opinion = detail.opinion;
    if (queue.current?.id === detail.id) element("now-like").setAttribute("aria-pressed", detail.opinion === "like");
  });
  document.addEventListener("segue:never", ({ detail }) => drop(detail));
  document.addEventListener("segue:page", markRow);
  otherTabs.addEventListener("message", () => audio().pause());
  document.addEventListener("keydown", (event) => {
    const isFree = event.target === document.body || event.target.id === "content";
    if (event.key !== " " || !isFree || !queue.current) return;
    event.preventDefault();
    toggle();
  });
  addEventListener("pagehide", () => {
    queue.save(audio().currentTime);
    // A page that is left early may be a reload, and the music goes on: that says nothing against the track.
    if (audio().currentTime > QUICK_SECONDS) leave("skip", { keepalive: true });
  });
  obeyMediaKeys();
  const seconds = queue.restore();
  if (queue.current && plays()) load(false, seconds);
}
