// The page of playlists, and what saves one.

import { link } from "./api.js";
import { playAll } from "./player.js";
import * as playlists from "./playlists.js";
import { question, say } from "./status.js";
import { listAround } from "./tracks.js";

const AT_ONCE = 40; // ids in one request: what proxies let through as an address

/** Asks for a name, and keeps tracks under it. */
export async function save(tracks, suggestion) {
  if (!tracks.length) return;
  const name = await question(`Keep ${tracks.length === 1 ? "this track" : `these ${tracks.length} tracks`} as a playlist in this browser?`, {
    field: "Name", value: playlists.freeName(suggestion), action: "Save",
  });
  const chosen = name?.trim();
  if (!chosen) return;
  if (playlists.has(chosen) && !(await question(`There is a playlist “${chosen}”. Replace it?`, { action: "Replace" }))) return;
  playlists.add(chosen, tracks);
  say(`“${chosen}” is among your playlists.`);
}

/** The playlist as a file for any player; its paths are those of the music folder. */
async function download({ name, tracks }) {
  const lines = [];
  for (let start = 0; start < tracks.length; start += AT_ONCE) {
    const given = new URLSearchParams({ name });
    for (const { id } of tracks.slice(start, start + AT_ONCE)) given.append("id", id);
    const path = link("/playlist.m3u8");
    const response = await fetch(`${path}${path.includes("?") ? "&" : "?"}${given}`);
    if (!response.ok) throw new Error("The service does not give the paths of these tracks.");
    lines.push(...(await response.text()).split("\n").slice(start ? 2 : 0, -1));
  }
  const file = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "audio/x-mpegurl" }));
  Object.assign(document.createElement("a"), { href: file, download: `${name.replace(/[^\p{L}\p{N} _-]+/gu, "_")}.m3u8` }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}

async function remove({ name }) {
  if (!(await question(`Delete the playlist “${name}”?`, { action: "Delete" }))) return;
  playlists.remove(name);
  begin();
  document.getElementById("content").focus({ preventScroll: true });
  say(`“${name}” is deleted.`);
}

export const ACTIONS = {
  "save-playlist": (button) => save(listAround(button.closest(".page").querySelector("[data-list-name], [data-live]")), button.dataset.name),
  "play-playlist": ({ dataset }) => withPlaylist(dataset, ({ tracks }) => playAll(tracks.map((one) => ({ ...one, context: { list: "playlist" } })))),
  "download-playlist": ({ dataset }) => withPlaylist(dataset, download),
  "delete-playlist": ({ dataset }) => withPlaylist(dataset, remove),
};

function withPlaylist({ name }, act) {
  const found = playlists.all().find((one) => one.name === name);
  return found && act(found);
}

function fill(part, playlist) {
  const { name, tracks, saved } = playlist;
  part.querySelector("[data-part=name]").textContent = name;
  const when = new Date(saved).toLocaleDateString(undefined, { dateStyle: "medium" });
  part.querySelector("[data-part=note]").textContent = `${tracks.length} track${tracks.length === 1 ? "" : "s"}, ${when}`;
  for (const button of part.querySelectorAll("[data-action]")) {
    button.dataset.name = name;
    button.setAttribute("aria-label", `${button.textContent} “${name}”`);
  }
  part.querySelector("ol").replaceChildren(...tracks.map(({ id, title, artist }) => {
    const item = document.createElement("li"), anchor = document.createElement("a");
    anchor.href = link("/track", { id });
    anchor.append(Object.assign(document.createElement("bdi"), { textContent: title }));
    const by = Object.assign(document.createElement("bdi"), { className: "faint", textContent: artist });
    item.append(anchor, " ", by);
    return item;
  }));
}

export function begin() {
  const list = document.getElementById("playlists");
  if (!list) return;
  const known = playlists.all(), form = document.getElementById("playlist");
  list.replaceChildren(...known.map((playlist) => {
    const part = form.content.cloneNode(true);
    fill(part, playlist);
    return part;
  }));
  document.getElementById("no-playlists").hidden = known.length > 0;
}
