// The sound of a track as a picture: time from left to right, pitch from low to high on the mel scale, loudness as colour.

export const RATE = 16000;
const SIZE = 1024, BANDS = 96, COLUMNS = 640, FRAMES = 4;
const LOWEST = 40, HIGHEST = RATE / 2;
const RANGE_DB = 60;
const CONTRAST = 1.4;
const COLOURS = [[15, 13, 20], [62, 44, 120], [150, 66, 150], [224, 99, 58], [250, 196, 110], [255, 246, 214]];

const toMel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
const toHertz = (mel) => 700 * (10 ** (mel / 2595) - 1);

/** Centre of each band in hertz, and the two outer edges: evenly spaced on the mel scale. */
export const EDGES = Float64Array.from({ length: BANDS + 2 }, (_, n) =>
  toHertz(toMel(LOWEST) + ((toMel(HIGHEST) - toMel(LOWEST)) * n) / (BANDS + 1)));

const WINDOW = Float64Array.from({ length: SIZE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SIZE));
const COSINES = Float64Array.from({ length: SIZE / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / SIZE));
const SINES = Float64Array.from({ length: SIZE / 2 }, (_, n) => -Math.sin((2 * Math.PI * n) / SIZE));

/** Fourier transform in place, radix 2. */
function transform(real, imaginary) {
  for (let i = 1, j = 0; i < SIZE; i += 1) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j], imaginary[i], imaginary[j]] = [real[j], real[i], imaginary[j], imaginary[i]];
  }
  for (let length = 2; length <= SIZE; length *= 2) {
    const half = length / 2, step = SIZE / length;
    for (let start = 0; start < SIZE; start += length) {
      for (let n = 0; n < half; n += 1) {
        const a = start + n, b = a + half, c = COSINES[n * step], s = SINES[n * step];
        const r = real[b] * c - imaginary[b] * s, i = real[b] * s + imaginary[b] * c;
        [real[b], imaginary[b]] = [real[a] - r, imaginary[a] - i];
        real[a] += r;
        imaginary[a] += i;
      }
    }
  }
}

/** Triangles between the edges: first bin and weights of each band. */
const FILTERS = Array.from({ length: BANDS }, (_, band) => {
  const [low, centre, high] = EDGES.slice(band, band + 3), width = RATE / SIZE;
  const first = Math.floor(low / width), weights = [];
  for (let bin = first; bin * width < high && bin <= SIZE / 2; bin += 1) {
    const hertz = bin * width;
    weights.push(Math.max(0, Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre))));
  }
  if (!weights.some((weight) => weight > 0)) return { first: Math.round(centre / width), weights: [1] };
  return { first, weights };
});

/**
 * Power of each band in each column; the time it takes does not depend on how long the sound is.
 *
 * @param channels arrays of samples at RATE
 * @param pause called now and then, so that the page stays alive
 */
export async function melPowers(channels, pause = async () => {}) {
  const samples = channels[0].length, columns = Math.max(1, Math.min(COLUMNS, Math.ceil(samples / (SIZE / 2))));
  const powers = new Float64Array(columns * BANDS), real = new Float64Array(SIZE), imaginary = new Float64Array(SIZE);
  for (let column = 0; column < columns; column += 1) {
    for (let frame = 0; frame < FRAMES; frame += 1) {
      const middle = ((column + (frame + 0.5) / FRAMES) * samples) / columns;
      const start = Math.round(middle - SIZE / 2);
      for (let n = 0; n < SIZE; n += 1) {
        let sum = 0;
        for (const channel of channels) sum += channel[start + n] ?? 0;
        real[n] = (WINDOW[n] * sum) / channels.length;
      }
      imaginary.fill(0);
      transform(real, imaginary);
      FILTERS.forEach(({ first, weights }, band) => {
        let power = 0;
        weights.forEach((weight, n) => { power += weight * (real[first + n] ** 2 + imaginary[first + n] ** 2); });
        powers[column * BANDS + band] += power / FRAMES;
      });
    }
    if (column % 64 === 63) await pause();
  }
  return { columns, bands: BANDS, powers };
}

function colourAt(share) {
  const place = Math.max(0, Math.min(1, share)) * (COLOURS.length - 1), below = Math.min(COLOURS.length - 2, Math.floor(place));
  return COLOURS[below].map((part, n) => Math.round(part + (COLOURS[below + 1][n] - part) * (place - below)));
}

/** The picture as a data URL of a few kilobytes. */
export function paint({ columns, bands, powers }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: bands });
  const context = canvas.getContext("2d"), image = context.createImageData(columns, bands);
  const tilted = powers.map((power, n) => power * EDGES[(n % bands) + 1]); // 3 dB an octave: music is weaker, the higher it is
  const loudest = tilted.reduce((most, power) => Math.max(most, power), 1e-9);
  for (let column = 0; column < columns; column += 1) {
    for (let band = 0; band < bands; band += 1) {
      const decibels = 10 * Math.log10(Math.max(tilted[column * bands + band] / loudest, 1e-12));
      image.data.set([...colourAt(Math.max(0, 1 + decibels / RANGE_DB) ** CONTRAST), 255], 4 * ((bands - 1 - band) * columns + column));
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.6);
}

/** What the picture shows, for who cannot see it: the strongest pitch in hertz, and when it is loudest, from 0 to 1. */
export function describe({ columns, bands, powers }) {
  const byBand = new Float64Array(bands), byColumn = new Float64Array(columns);
  powers.forEach((power, n) => {
    byBand[n % bands] += power;
    byColumn[Math.floor(n / bands)] += power;
  });
  const most = (values) => values.indexOf(values.reduce((best, value) => Math.max(best, value), 0));
  return { hertz: EDGES[most(byBand) + 1], loudest: (most(byColumn) + 0.5) / columns, isSilent: !byBand.some((power) => power > 0) };
}
