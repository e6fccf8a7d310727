// The first choice: tracks, genres, an artist; the list follows at once.

import { ask, link, operation, tell } from "./api.js";
import { go } from "./navigation.js";
import { announceOpinion, state } from "./opinions.js";
import { sayError } from "./status.js";

async function choose(form) {
  const data = new FormData(form);
  const tracks = data.getAll("track"), genres = data.getAll("genre"), words = data.getAll("word");
  const artist = data.get("artist").trim();
  if (!tracks.length && !genres.length && !words.length && !artist) {
    document.getElementById("chosen").textContent = "Pick at least one track, genre or artist.";
    return;
  }
  try {
    const artists = artist ? [await spelled(artist)] : [];
    if (!artists.every(Boolean)) {
      document.getElementById("chosen").textContent = `No artist here is called “${artist}”; choose one of those that the field offers.`;
      return;
    }
    if (genres.length || artist) await state(genres, artists);
    if (tracks.length) await tell(tracks.map((trackId) => ({ type: "like", trackId })));
    for (const id of tracks) announceOpinion(id, "like");
    if (words.length) await go(link("/", { sounds: words.join(" ") }));
    else await go(location.href, { push: false });
  } catch (error) {
    sayError(error);
  }
}

const OFFERED = 12;
const artistsWith = async (q) => (await ask(operation("artists", { q, limit: OFFERED }))).names.map(({ name }) => name);

/** An artist's name as the catalogue spells it; undefined if there is none. */
async function spelled(typed) {
  const same = (one) => one.localeCompare(typed, undefined, { sensitivity: "base" }) === 0;
  return (await artistsWith(typed)).find(same);
}

function suggest(field) {
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const q = field.value.trim();
      if (!q) return;
      const names = await artistsWith(q).catch(() => []);
      const options = names.map((name) => Object.assign(document.createElement("option"), { value: name }));
      document.getElementById("artists")?.replaceChildren(...options);
    }, 200);
  });
}

export function begin() {
  const form = document.getElementById("choose");
  if (!form) return;
  suggest(form.elements.artist);
  form.addEventListener("change", () => {
    const count = form.querySelectorAll(":checked").length;
    document.getElementById("chosen").textContent = count ? `${count} chosen` : "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(form);
  });
  form.querySelector("[type=submit]").disabled = false; // from now on, not before: the form has no other way
}
