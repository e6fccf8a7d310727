// Draws points with WebGL2, and finds the point under a pointer.

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in uvec2 kind;
uniform vec2 centre, zoom;
uniform float size, isDimmed;
uniform sampler2D colours;
out vec4 colour;
void main() {
  bool isFound = kind.y == 1u;
  gl_Position = vec4((place - centre) * zoom, isFound ? 0.0 : 0.5, 1.0);
  gl_PointSize = isFound ? size * 1.7 : size;
  vec3 tint = texelFetch(colours, ivec2(int(kind.x), 0), 0).rgb;
  colour = vec4(isFound ? mix(tint, vec3(1.0), 0.35) : tint, isFound ? 1.0 : (isDimmed > 0.5 ? 0.16 : 0.82));
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour;
out vec4 drawn;
void main() {
  float away = length(gl_PointCoord - 0.5);
  float edge = 1.0 - smoothstep(0.36, 0.5, away);
  drawn = vec4(colour.rgb * colour.a * edge, colour.a * edge);
}`;
const STRIDE = 6;
const CELLS = 128;

/** Hues that neighbours in a list do not share; grey for what has none. */
export function colourOf(kind, known) {
  if (kind >= known) return [0.45, 0.43, 0.5];
  const hue = (kind * 137.508 + 14) % 360;
  const light = [0.66, 0.56, 0.74][kind % 3];
  const chroma = 0.72 * Math.min(light, 1 - light);
  return [0, 8, 4].map((offset) => {
    const k = (offset + hue / 30) % 12;
    return light - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  });
}

function compile(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}

/** Points on a canvas; x and y go from 0 to 1, y upwards. */
export class Points {
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (!gl) throw new Error("this browser has no WebGL2");
    this.gl = gl;
    this.program = compile(gl);
    this.buffer = gl.createBuffer();
    this.colours = gl.createTexture();
    this.count = 0;
    this.view = { x: 0.5, y: 0.5, zoom: 1 };
    this.isDimmed = false;
  }

  /** Takes the API's five bytes a point. */
  load(bytes) {
    this.count = bytes.byteLength / 5;
    const from = new DataView(bytes), packed = new ArrayBuffer(this.count * STRIDE), to = new DataView(packed);
    this.x = new Float32Array(this.count);
    this.y = new Float32Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      const x = from.getUint16(5 * i, true), y = from.getUint16(5 * i + 2, true);
      to.setUint16(STRIDE * i, x, true);
      to.setUint16(STRIDE * i + 2, y, true);
      to.setUint8(STRIDE * i + 4, from.getUint8(5 * i + 4));
      this.x[i] = x / 65535;
      this.y[i] = y / 65535;
    }
    this.packed = new Uint8Array(packed);
    this.#index();
    this.#upload();
  }

  #index() {
    this.cells = Array.from({ length: CELLS * CELLS }, () => []);
    for (let i = 0; i < this.count; i += 1) this.cells[this.#cell(this.x[i]) + CELLS * this.#cell(this.y[i])].push(i);
  }

  #cell = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor(value * CELLS)));

  #upload() {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, this.packed, gl.DYNAMIC_DRAW);
  }

  /** Marks points, and dims the others. */
  highlight(places) {
    for (let i = 0; i < this.count; i += 1) this.packed[STRIDE * i + 5] = 0;
    for (const place of places) this.packed[STRIDE * place + 5] = 1;
    this.isDimmed = places.length > 0;
    this.#upload();
  }

  paint(known) {
    const { gl } = this;
    const texels = new Uint8Array(256 * 4);
    for (let kind = 0; kind < 256; kind += 1) {
      texels.set([...colourOf(kind, known).map((part) => Math.round(255 * part)), 255], 4 * kind);
    }
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** Half of the map's width and height that are shown, in units of the map. */
  #reach() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const least = Math.min(width, height) || 1;
    const half = 0.54 / this.view.zoom;
    return [(half * width) / least, (half * height) / least];
  }

  toScreen(x, y) {
    const [across, up] = this.#reach();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [((x - this.view.x) / across / 2 + 0.5) * width, (0.5 - (y - this.view.y) / up / 2) * height];
  }

  toMap(left, top) {
    const [across, up] = this.#reach();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [this.view.x + (left / width - 0.5) * 2 * across, this.view.y + (0.5 - top / height) * 2 * up];
  }

  /** The nearest point within some pixels; -1 if there is none. */
  pick(left, top, pixels = 14) {
    const [x, y] = this.toMap(left, top), [edge] = this.toMap(left + pixels, top);
    const reach = edge - x;
    let best = -1, least = reach * reach;
    for (let row = this.#cell(y - reach); row <= this.#cell(y + reach); row += 1) {
      for (let column = this.#cell(x - reach); column <= this.#cell(x + reach); column += 1) {
        for (const i of this.cells[column + CELLS * row]) {
          const away = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
          if (away < least) [best, least] = [i, away];
        }
      }
    }
    return best;
  }

  draw() {
    const { gl, canvas } = this, ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const [across, up] = this.#reach();
    const base = Math.max(2.2, 13 - 2.1 * Math.log10(Math.max(1, this.count)));
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(this.program);
    const at = (name) => gl.getUniformLocation(this.program, name);
    gl.uniform2f(at("centre"), this.view.x, this.view.y);
    gl.uniform2f(at("zoom"), 1 / across, 1 / up);
    gl.uniform1f(at("size"), base * ratio * Math.min(3, this.view.zoom ** 0.35));
    gl.uniform1f(at("isDimmed"), this.isDimmed ? 1 : 0);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, true, STRIDE, 0);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 2, gl.UNSIGNED_BYTE, STRIDE, 4);
    gl.drawArrays(gl.POINTS, 0, this.count);
  }

  /** Gives the graphics card its memory back. */
  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
