// The first choice: tracks, genres, an artist; the list follows at once.

import { ask, link, operation, tell } from "./api.js";
import { go } from "./navigation.js";
import { state } from "./opinions.js";
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
    if (genres.length || artist) await state(genres, artist ? [artist] : []);
    if (tracks.length) await tell(tracks.map((trackId) => ({ type: "like", trackId })));
    if (words.length) await go(link("/", { sounds: words.join(" ") }));
    else await go(location.href, { push: false });
  } catch (error) {
    sayError(error);
  }
}

function suggest(field) {
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const q = field.value.trim();
      if (!q) return;
      const found = await ask(operation("artists", { q, limit: 12 })).catch(() => ({ names: [] }));
      const options = found.names.map(({ name }) => Object.assign(document.createElement("option"), { value: name }));
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
}
