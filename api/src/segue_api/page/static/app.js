// Begins everything, and turns clicks on a page's buttons into actions.

import { ask, operation, segment, user } from "./api.js";
import * as firstVisit from "./first_visit.js";
import * as map from "./map.js";
import * as navigation from "./navigation.js";
import { forget, judge, never } from "./opinions.js";
import { change } from "./owner.js";
import * as player from "./player.js";
import * as playlists from "./playlists.js";
import * as playlistsView from "./playlists_view.js";
import * as queueView from "./queue_view.js";
import * as signIn from "./sign_in.js";
import * as spectrogram from "./spectrogram_view.js";
import { question, say, sayError } from "./status.js";
import { showLocalTimes } from "./times.js";
import { listAround, trackOf, tracksOfPage } from "./tracks.js";

const isPressed = (button) => button.getAttribute("aria-pressed") === "true";

async function erase() {
  if (!(await question("Erase your profile, every event until now, and your playlists in this browser?", { action: "Erase" }))) return;
  await ask(operation(`users/${segment(user())}/profile`), { method: "DELETE" });
  playlists.removeAll();
  player.end();
  await navigation.go("/");
  say("Your profile is erased.");
}

async function signOut() {
  await ask("/v1/sign-in", { method: "DELETE" });
  player.end();
  location.assign("/sign-in");
}

const ACTIONS = {
  play: (button, track) =>
    button.classList.contains("play-over") ? player.playFrom(listAround(button), track.id) : player.playAll(listAround(button)),
  "play-all": () => player.playAll(tracksOfPage()),
  "play-next": (_button, track) => player.enqueue(track, true),
  queue: (_button, track) => player.enqueue(track, false),
  like: (button, track) => judge(track, "like", isPressed(button)),
  dislike: (button, track) => judge(track, "dislike", isPressed(button)),
  clear: (_button, track) => judge(track, "", true),
  "never-track": (_button, track) => never("tracks", track.id, track.title),
  "never-artist": (_button, track) => never("artists", track.artist, track.artist),
  allow: ({ dataset }) => forget(dataset.kind, dataset.name, dataset.label, { excluded: true }),
  unstate: ({ dataset }) => forget(dataset.kind, dataset.name, dataset.name, { excluded: false }),
  "save-queue": () => playlistsView.save(player.queued(), "Queue"),
  ...playlistsView.ACTIONS,
  activate: ({ dataset }) => change("Activate", dataset),
  pin: ({ dataset }) => change("Pin", dataset),
  unpin: ({ dataset }) => change("Unpin", dataset),
  erase,
  "sign-out": signOut,
};

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

/** Opens a menu upwards where the player, or the end of the window, would cover it. */
function placeMenu({ target }) {
  if (!target.matches?.("details.menu")) return;
  target.classList.remove("upwards");
  if (!target.open) return;
  const bar = document.getElementById("player");
  const floor = bar && !bar.hidden ? bar.getBoundingClientRect().top : innerHeight;
  target.classList.toggle("upwards", target.querySelector(".menu-list").getBoundingClientRect().bottom > floor);
}

document.addEventListener("toggle", placeMenu, true);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-action]");
  if (button) Promise.resolve(ACTIONS[button.dataset.action]?.(button, trackOf(button))).catch(sayError);
  closeMenus(button ? null : event.target.closest?.("details.menu"));
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

function beginPage() {
  firstVisit.begin();
  map.begin();
  playlistsView.begin();
  spectrogram.begin();
  showLocalTimes();
}

navigation.begin();
player.begin();
queueView.begin();
signIn.begin();
beginPage();
document.addEventListener("segue:page", beginPage);
