// Tracks as the page's markup has them.

/** The track that an element belongs to; null if to none. */
export function trackOf(element) {
  const found = element.closest("[data-track]");
  return found && read(found.dataset);
}

function read({ id, title, artist, by, list, model, rank, score, seed }) {
  const context = {};
  if (model) context.model = model;
  if (list) context.list = list;
  if (seed) context.seed = seed;
  if (rank) context.rank = Number(rank);
  if (score) context.score = Number(score);
  return { id, title, artist, by, context: Object.keys(context).length ? context : undefined };
}

/** The first element of a track on the page; undefined if it is not there. */
export const elementOf = (id) => [...document.querySelectorAll("#content [data-track]")].find((one) => one.dataset.id === id);

/** All tracks of the list that an element is in, or of the whole page. */
export function listAround(element) {
  const list = element?.closest("ul, ol, tbody") ?? document.getElementById("content");
  return unique([...list.querySelectorAll("[data-track]")].map((one) => read(one.dataset)));
}

/** The tracks of a page's lists, top to bottom. */
export function tracksOfPage() {
  const rows = document.querySelectorAll("#content .row[data-track]");
  return unique([...rows].map((one) => read(one.dataset)));
}

function unique(tracks) {
  return [...new Map(tracks.map((track) => [track.id, track])).values()];
}

/** Marks every element of a track with what the listener thinks of it. */
export function showOpinion(id, opinion) {
  for (const element of document.querySelectorAll("[data-track]")) {
    if (element.dataset.id !== id) continue;
    element.querySelector('[data-action="like"]')?.setAttribute("aria-pressed", opinion === "like");
    element.querySelector('[data-action="dislike"]')?.setAttribute("aria-pressed", opinion === "dislike");
  }
}
