// Like, dislike, never again: told to the service, shown at once, and followed by the lists.

import { ask, operation, segment, tell, user } from "./api.js";
import { isLive, refresh } from "./live_lists.js";
import { again } from "./navigation.js";
import { say, sayError } from "./status.js";
import { showOpinion } from "./tracks.js";

/** Shows what an action has changed; `undo` takes it back. */
async function follow(cause, undo) {
  const text = isLive() ? await refresh(cause) : cause;
  if (document.querySelector("[data-follows]")) await again();
  say(text, { undo, short: cause });
}

function announce(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

/** Tells the player what the listener thinks of a track. */
export const announceOpinion = (id, opinion) => announce("segue:opinion", { id, opinion });

/** Likes or dislikes a track, or takes that back. */
export async function judge(track, opinion, isPressed) {
  const type = isPressed ? "clear" : opinion;
  showOpinion(track.id, isPressed ? "" : opinion);
  announceOpinion(track.id, isPressed ? "" : opinion);
  try {
    await tell([{ type, trackId: track.id, context: track.context }]);
    const verb = { like: "You like", dislike: "You dislike", clear: "You took back your opinion of" }[type];
    await follow(`${verb} “${track.title}”.`, isPressed ? null : () => judge(track, opinion, true));
  } catch (error) {
    showOpinion(track.id, isPressed ? opinion : "");
    announceOpinion(track.id, isPressed ? opinion : "");
    sayError(error);
  }
}

const preferencesPath = () => operation(`users/${segment(user())}/preferences`);

async function change(edit) {
  const { preferences } = await ask(preferencesPath());
  const stated = { genres: [], artists: [], ...preferences };
  stated.excluded = { tracks: [], artists: [], albums: [], genres: [], ...preferences.excluded };
  edit(stated);
  await ask(preferencesPath(), { method: "PUT", body: stated });
}

/** Never suggests a track or an artist again. */
export async function never(kind, name, label) {
  try {
    await change((stated) => stated.excluded[kind].includes(name) || stated.excluded[kind].push(name));
    announce("segue:never", { kind, name });
    await follow(`“${label}” is never suggested again.`, () => forget(kind, name, label, { excluded: true }));
  } catch (error) {
    sayError(error);
  }
}

/** Takes back an exclusion, or something that was named. */
export async function forget(kind, name, label, { excluded }) {
  try {
    await change((stated) => {
      const owner = excluded ? stated.excluded : stated;
      owner[kind] = owner[kind].filter((one) => one !== name);
    });
    await again();
    say(excluded ? `“${label}” may be suggested again.` : `“${label}” no longer counts.`);
  } catch (error) {
    sayError(error);
  }
}

/** States genres and artists in addition to those that are stated. */
export const state = (genres, artists) => change((stated) => {
  stated.genres = [...new Set([...stated.genres, ...genres])];
  stated.artists = [...new Set([...stated.artists, ...artists])];
});
