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
    artist.append(Object.assign(document.createElement("bdi"), { textContent: track.by || track.artist }));
    name.append(title, artist);
    const gone = button("×", `Remove ${track.title} from the queue`, () => { queue.remove(place); changed(); });
    gone.className = "quiet";
    item.append(number, name, gone);
    return item;
  }));
  document.getElementById("queue-note").textContent = queue.coming.length
    ? "Then music that you may like follows."
    : "Nothing yet. Music that you may like follows by itself.";
  document.getElementById("clear-queue").onclick = () => { queue.clear(); changed(); };
}

/** Opens and closes the panel. */
export function begin() {
  const show = document.getElementById("show-queue");
  const panel = document.getElementById("queue");
  if (!panel) return;
  const open = (isOpen) => {
    panel.hidden = !isOpen;
    show.setAttribute("aria-expanded", isOpen);
  };
  show.addEventListener("click", () => open(panel.hidden));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden || document.querySelector("dialog[open]")) return;
    if (panel.contains(document.activeElement)) show.focus();
    open(false);
  });
  document.addEventListener("click", ({ target }) => {
    if (target.isConnected && !target.closest("#player, dialog, .toast")) open(false);
  });
}
