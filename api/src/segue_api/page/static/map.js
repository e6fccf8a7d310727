// The map of the catalogue: moving, zooming, names, colours, search, a journey.

import { ask, link, operation, plays } from "./api.js";
import { colourOf, Points } from "./map_drawing.js";
import { go } from "./navigation.js";
import { playFrom } from "./player.js";
import { sayError } from "./status.js";

const NAMES = 100;
const MOST_ZOOM = 60;
let current = null;

class CatalogueMap {
  constructor(frame) {
    this.frame = frame;
    this.canvas = frame.querySelector("canvas");
    this.line = frame.querySelector("svg");
    this.hover = frame.querySelector(".map-hover");
    this.note = document.getElementById("map-note");
    this.points = new Points(this.canvas);
    this.names = new Map();
    this.journey = [];
    this.mark = -1;
    this.by = "cluster";
    this.pointers = new Map();
  }

  async open() {
    await this.colour(this.by);
    const { q, mark, start, end, count } = this.frame.dataset;
    if (start && end) await this.showJourney(start, end, count);
    if (mark) await this.showTrack(mark);
    if (q) await this.find(q);
  }

  async colour(by) {
    this.by = by;
    const response = await fetch(operation("map", { by }));
    if (!response.ok) throw new Error("the map cannot be loaded");
    this.points.load(await response.arrayBuffer());
    const legends = document.querySelectorAll(".map-legend");
    for (const legend of legends) legend.hidden = legend.dataset.by !== by;
    const dots = [...document.querySelectorAll(`.map-legend[data-by="${by}"] .dot`)];
    const known = dots.length ? Math.max(...dots.map((dot) => Number(dot.dataset.kind))) + 1 : 0;
    for (const dot of dots) {
      const parts = colourOf(Number(dot.dataset.kind), known).map((part) => Math.round(255 * part));
      dot.style.background = `rgb(${parts.join(" ")})`;
    }
    this.points.paint(known);
    if (this.found) this.points.highlight(this.found);
    this.draw();
  }

  /** The track of a point. */
  async track(place) {
    const page = Math.floor(place / NAMES);
    if (!this.names.has(page)) {
      this.names.set(page, ask(operation("tracks", { limit: NAMES, offset: page * NAMES })).then(({ tracks }) => tracks));
    }
    return (await this.names.get(page))[place % NAMES];
  }

  async find(words) {
    const { found, total } = words.trim() ? await ask(operation("map/places", { q: words })) : { found: [], total: 0 };
    this.found = found;
    this.points.highlight(found);
    this.note.textContent = words.trim() ? `${total.toLocaleString("en")} of ${this.points.count.toLocaleString("en")} tracks are highlighted.` : "";
    this.draw();
  }

  async showTrack(id) {
    const { ids } = await ask(operation("map/places", { id }));
    this.mark = ids[0] ?? -1;
    if (this.mark >= 0) Object.assign(this.points.view, { x: this.points.x[this.mark], y: this.points.y[this.mark], zoom: 2.5 });
    const track = this.mark < 0 ? null : await this.track(this.mark);
    this.note.textContent = track ? `The ring marks “${track.title ?? track.id}”.` : "This track is not on the map.";
    this.draw();
  }

  async showJourney(start, end, count) {
    const { steps } = await ask(operation("path", { start, end, count }));
    const { ids } = await ask(operation("map/places", { id: steps.map((step) => step.track.id) }));
    this.journey = ids.filter((place) => place !== null);
    this.note.textContent = `The line is the journey: ${steps.map((step) => step.track.title ?? step.track.id).join(" → ")}.`;
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = requestAnimationFrame(() => {
      this.points.draw();
      this.drawLine();
    });
  }

  drawLine() {
    const at = (place) => this.points.toScreen(this.points.x[place], this.points.y[place]);
    const make = (name, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      return made;
    };
    const shapes = [];
    if (this.journey.length) {
      shapes.push(make("polyline", { points: this.journey.map((place) => at(place).join(",")).join(" ") }));
      for (const place of this.journey) shapes.push(make("circle", { cx: at(place)[0], cy: at(place)[1], r: 6 }));
    }
    if (this.mark >= 0) shapes.push(make("circle", { cx: at(this.mark)[0], cy: at(this.mark)[1], r: 12, class: "found" }));
    this.line.replaceChildren(...shapes);
  }

  zoom(factor, left = this.canvas.clientWidth / 2, top = this.canvas.clientHeight / 2) {
    const { view } = this.points, [x, y] = this.points.toMap(left, top);
    view.zoom = Math.max(0.8, Math.min(MOST_ZOOM, view.zoom * factor));
    const [nx, ny] = this.points.toMap(left, top);
    view.x += x - nx;
    view.y += y - ny;
    this.draw();
  }

  pan(across, down) {
    const { view } = this.points, [x, y] = this.points.toMap(0, 0), [nx, ny] = this.points.toMap(across, down);
    view.x = Math.max(-0.2, Math.min(1.2, view.x + x - nx));
    view.y = Math.max(-0.2, Math.min(1.2, view.y + y - ny));
    this.draw();
  }

  async point(left, top) {
    const place = this.points.pick(left, top);
    this.pointed = place;
    this.canvas.style.cursor = place < 0 ? "" : "pointer";
    if (place < 0) {
      this.hover.hidden = true;
      return;
    }
    const track = await this.track(place);
    if (this.pointed !== place || !track) return;
    const title = Object.assign(document.createElement("b"), { textContent: track.title ?? track.id });
    this.hover.replaceChildren(title, document.createTextNode(track.artist ?? ""));
    const [x, y] = this.points.toScreen(this.points.x[place], this.points.y[place]);
    this.hover.hidden = false;
    this.hover.style.left = `${Math.max(8, Math.min(x + 14, this.canvas.clientWidth - this.hover.offsetWidth - 8))}px`;
    this.hover.style.top = `${Math.max(8, Math.min(y - 20, this.canvas.clientHeight - this.hover.offsetHeight - 8))}px`;
  }

  async choose(left, top) {
    const place = this.points.pick(left, top);
    if (place < 0) return;
    const track = await this.track(place);
    if (!plays()) await go(link("/track", { id: track.id }));
    else playFrom([{ id: track.id, title: track.title ?? track.id, artist: track.artist ?? "", context: { list: "map" } }], track.id);
  }

  listen(signal) {
    const on = (target, name, act, options = {}) => target.addEventListener(name, act, { signal, ...options });
    const inside = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    on(this.canvas, "wheel", (event) => {
      event.preventDefault();
      this.zoom(1.0016 ** -event.deltaY, ...inside(event));
    }, { passive: false });
    on(this.canvas, "pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, inside(event));
      this.moved = 0;
    });
    on(this.canvas, "pointermove", (event) => this.move(event.pointerId, inside(event)));
    on(this.canvas, "pointerleave", () => { this.hover.hidden = true; });
    const release = (event) => {
      const wasAlone = this.pointers.size === 1;
      if (this.pointers.delete(event.pointerId) && wasAlone && this.moved < 5 && event.type === "pointerup") {
        this.choose(...inside(event)).catch(sayError);
      }
    };
    on(this.canvas, "pointerup", release);
    on(this.canvas, "pointercancel", release);
    on(this.canvas, "keydown", (event) => this.obey(event));
    on(document.getElementById("zoom-in"), "click", () => this.zoom(1.5));
    on(document.getElementById("zoom-out"), "click", () => this.zoom(1 / 1.5));
    on(document.getElementById("zoom-all"), "click", () => {
      Object.assign(this.points.view, { x: 0.5, y: 0.5, zoom: 1 });
      this.draw();
    });
    on(document.getElementById("map-search"), "submit", (event) => {
      event.preventDefault();
      this.find(event.target.elements.q.value).catch(sayError);
    });
    for (const radio of document.querySelectorAll('input[name="by"]')) {
      on(radio, "change", () => this.colour(radio.value).catch(sayError));
    }
    on(window, "resize", () => this.draw());
  }

  move(pointer, place) {
    const before = this.pointers.get(pointer);
    if (!before) {
      this.point(...place).catch(sayError);
      return;
    }
    const others = [...this.pointers].filter(([id]) => id !== pointer).map(([, there]) => there);
    if (others.length) {
      const apart = (one) => Math.hypot(one[0] - others[0][0], one[1] - others[0][1]) || 1;
      this.zoom(apart(place) / apart(before), ...others[0]);
    } else {
      this.pan(place[0] - before[0], place[1] - before[1]);
    }
    this.moved += Math.hypot(place[0] - before[0], place[1] - before[1]);
    this.pointers.set(pointer, place);
  }

  obey(event) {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.key in steps) this.pan(...steps[event.key]);
    else if (event.key === "+" || event.key === "=") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else return;
    event.preventDefault();
  }
}

export function begin() {
  current?.end.abort();
  current?.map?.points.close();
  current = null;
  const frame = document.getElementById("map");
  if (!frame) return;
  current = { end: new AbortController(), map: null };
  try {
    current.map = new CatalogueMap(frame);
    current.map.listen(current.end.signal);
    current.map.open().catch(sayError);
  } catch (error) {
    document.getElementById("map-note").textContent = `The map cannot be drawn: ${error.message}. The table has the same content.`;
  }
}
