// Playlists of a listener, kept in this browser: the service stores none.

import { catalogue, user } from "./api.js";

const MOST = 100;
export const MOST_TRACKS = 200;
const place = () => `segue-playlists ${JSON.stringify([catalogue(), user()])}`;

/** All of them, the newest first; each with a name, a time, and tracks with id, title and artist. */
export function all() {
  try {
    return JSON.parse(localStorage.getItem(place()) ?? "[]");
  } catch {
    return [];
  }
}

function store(playlists) {
  try {
    if (playlists.length) localStorage.setItem(place(), JSON.stringify(playlists));
    else localStorage.removeItem(place());
  } catch {
    throw new Error("This browser keeps no more playlists; delete one, or save it as a file.");
  }
}

/** Keeps tracks under a name; one of the same name is replaced. */
export function add(name, tracks) {
  const kept = tracks.slice(0, MOST_TRACKS).map(({ id, title, artist, by }) => ({ id, title, artist, by }));
  const others = all().filter((one) => one.name !== name);
  if (others.length >= MOST) throw new Error(`There are ${MOST} playlists; delete one first.`);
  store([{ name, saved: new Date().toISOString(), tracks: kept }, ...others]);
}

/** Whether there is one of this name. */
export const has = (name) => all().some((one) => one.name === name);

/** A name that none has yet: "Queue", "Queue 2". */
export function freeName(wanted) {
  let name = wanted;
  for (let number = 2; has(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

export const remove = (name) => store(all().filter((one) => one.name !== name));

export const removeAll = () => store([]);
