"""Scripts that put a large map into a page: what the browser does with it, counted and timed there."""

from __future__ import annotations

MANY = 100_000

_SETUP = """
  const { Points } = await import("/static/map_drawing.js");
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const bytes = new ArrayBuffer(5 * count), view = new DataView(bytes);
  for (let i = 0; i < count; i += 1) {
    const group = Math.floor(random() * 24);  // a third of the points in dense spots, the others everywhere
    const dense = random() < 0.33;
    const at = seed => (dense ? (seed + 0.02 * (random() - 0.5)) : random());
    view.setUint16(5 * i, 65535 * Math.max(0, Math.min(1, at((group * 0.618) % 1))), true);
    view.setUint16(5 * i + 2, 65535 * Math.max(0, Math.min(1, at((group * 0.367) % 1))), true);
    view.setUint8(5 * i + 4, group);
  }
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "";
  canvas.width = 1216; canvas.height = 619;
  document.getElementById("content").replaceChildren(canvas);
"""

PICKS = (
    """async ({ count, asked }) => {"""
    + _SETUP
    + """
  const points = new Points(canvas);
  points.load(bytes);
  points.paint(24);
  points.draw();
  const { gl } = points, pixels = new Uint8Array(4 * canvas.width * canvas.height);
  gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  let drawn = 0, hits = 0;
  for (let i = 3; i < pixels.length; i += 4) drawn += pixels[i] > 100;
  const wrong = [];
  for (let n = 0; n < asked; n += 1) {
    points.view = { x: random(), y: random(), zoom: 1 + 40 * random() ** 2 };
    const left = random() * canvas.clientWidth, top = random() * canvas.clientHeight;
    const found = points.pick(left, top);
    const [x, y] = points.toMap(left, top), reach = points.toMap(left + 14, top)[0] - x;
    let best = -1, least = reach * reach;
    for (let i = 0; i < count; i += 1) {
      const away = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
      if (away < least) [best, least] = [i, away];
    }
    hits += best >= 0;
    const distance = i => (i < 0 ? -1 : (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2);
    if (distance(found) !== distance(best)) wrong.push([n, found, best]);
  }
  return { drawn, hits, wrong };
}"""
)
"""How many pixels are drawn, and which of so many picks differ from the nearest of all points."""

TIMES = (
    """async ({ count, frames, asked }) => {"""
    + _SETUP
    + """
  const clock = () => performance.now();
  const start = clock();
  const points = new Points(canvas);
  points.load(bytes);
  points.paint(24);
  const loaded = clock();
  const look = () => points.gl.readPixels(0, 0, 1, 1, points.gl.RGBA, points.gl.UNSIGNED_BYTE, new Uint8Array(4));
  points.draw();
  look();  // waits until it is drawn
  const first = clock();
  const scripts = [], whole = [];
  for (let n = 0; n < frames; n += 1) {
    points.view = { x: 0.5 + 0.2 * Math.sin(n / 20), y: 0.5, zoom: 1 + n / 40 };
    const begin = clock();
    points.draw();
    scripts.push(clock() - begin);
    look();
    whole.push(clock() - begin);
    await new Promise(done => requestAnimationFrame(done));
  }
  const { clientWidth: width, clientHeight: height } = canvas, begin = clock();
  for (let n = 0; n < asked; n += 1) points.pick(random() * width, random() * height);
  const picks = clock() - begin;
  const info = points.gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = info ? points.gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : "unknown";
  return { load: loaded - start, first: first - loaded, scripts, whole, picks, renderer };
}"""
)
"""Milliseconds to prepare the points, of the first frame, of each frame (its script, and all of it), of each pick."""
