// The panel that shows what comes next.

function button(text, label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** Draws the tracks that come; `play` jumps to a place, `changed` is called after a removal. */
export function showQueue(queue, { play, changed }) {
  const list = document.getElementById("queue-list");
  list.replaceChildren(...queue.coming.slice(0, 60).map((track, index) => {
    const place = queue.at + 1 + index;
    const item = document.createElement("li");
    const number = Object.assign(document.createElement("span"), { className: "time", textContent: index + 1 });
    const name = button("", null, () => play(place));
    const title = Object.assign(document.createElement("bdi"), { textContent: track.title });
    const artist = document.createElement("small");
    artist.append(Object.assign(document.createElement("bdi"), { textContent: track.artist }));
    name.append(title, artist);
    const gone = button("×", `Remove ${track.title} from the queue`, () => { queue.remove(place); changed(); });
    gone.className = "quiet";
    item.append(number, name, gone);
    return item;
  }));
  document.getElementById("queue-note").textContent = queue.coming.length
    ? "When it runs out, what fits you goes on."
    : "Nothing yet; what fits you goes on by itself.";
  document.getElementById("clear-queue").onclick = () => { queue.clear(); changed(); };
}

/** Opens and closes the panel. */
export function begin() {
  const show = document.getElementById("show-queue");
  const panel = document.getElementById("queue");
  show?.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    show.setAttribute("aria-expanded", !panel.hidden);
  });
  panel?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    panel.hidden = true;
    show.setAttribute("aria-expanded", false);
    show.focus();
  });
}
