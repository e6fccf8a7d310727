// Like, dislike, never again: told to the service, shown at once, and followed by the lists.

import { ask, operation, segment, tell, user } from "./api.js";
import { isLive, refresh } from "./live_lists.js";
import { say, sayError } from "./status.js";
import { showOpinion } from "./tracks.js";

/** Shows what an action has changed. */
async function follow(cause) {
  say(isLive() ? await refresh(cause) : cause);
}

/** Likes or dislikes a track, or takes that back. */
export async function judge(track, opinion, isPressed) {
  const type = isPressed ? "clear" : opinion;
  showOpinion(track.id, isPressed ? "" : opinion);
  document.dispatchEvent(new CustomEvent("segue:opinion", { detail: { id: track.id, opinion: isPressed ? "" : opinion } }));
  try {
    await tell([{ type, trackId: track.id, context: track.context }]);
    const verb = { like: "You like", dislike: "You dislike", clear: "You took back your opinion of" }[type];
    await follow(`${verb} “${track.title}”.`);
  } catch (error) {
    showOpinion(track.id, isPressed ? opinion : "");
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
    await follow(`Never again “${label}”; “Your taste” takes that back.`);
  } catch (error) {
    sayError(error);
  }
}

/** Takes back an exclusion, or something that was named. */
export async function forget(kind, name, { excluded }, reload) {
  try {
    await change((stated) => {
      const owner = excluded ? stated.excluded : stated;
      owner[kind] = owner[kind].filter((one) => one !== name);
    });
    await reload();
    say(excluded ? `“${name}” may be suggested again.` : `“${name}” no longer counts.`);
  } catch (error) {
    sayError(error);
  }
}

/** States genres and artists in addition to those that are stated. */
export const state = (genres, artists) => change((stated) => {
  stated.genres = [...new Set([...stated.genres, ...genres])];
  stated.artists = [...new Set([...stated.artists, ...artists])];
});
