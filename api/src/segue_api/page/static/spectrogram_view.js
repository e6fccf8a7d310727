// The spectrogram on a track's page: drawn when it is opened, from the audio that the browser can play anyway.

import { audioOf } from "./api.js";
import { clock } from "./clock.js";
import { describe, melPowers, paint, RATE } from "./spectrogram.js";

const STORED = "segue-spectrogram";
const MOST_BYTES = 12e6, MOST_SECONDS = 900;
const KEPT = 40;
const drawn = new Map(); // track id -> picture, the last ones
let asking = null;

const pause = () => new Promise((done) => setTimeout(done));

/** The beginning of the track's file, as much as may be decoded, and whether that is all of it. */
async function fetchAudio(id, seconds, signal) {
  const response = await fetch(audioOf(id), { headers: { Range: `bytes=0-${MOST_BYTES - 1}` }, signal });
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail ?? `the service answers ${response.status}`);
  const bytes = await response.arrayBuffer();
  const total = Number(response.headers.get("Content-Range")?.split("/")[1] ?? bytes.byteLength);
  const most = seconds > MOST_SECONDS ? Math.floor((total * MOST_SECONDS) / seconds) : total;
  return { bytes: bytes.slice(0, most), isWhole: Math.min(bytes.byteLength, most) >= total };
}

async function make(id, seconds, signal) {
  const { bytes, isWhole } = await fetchAudio(id, seconds, signal);
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
  const channels = Array.from({ length: sound.numberOfChannels }, (_, n) => sound.getChannelData(n));
  const powers = await melPowers(channels, async () => {
    await pause();
    signal.throwIfAborted();
  });
  const { hertz, loudest, isSilent } = describe(powers);
  const length = clock(Math.round(sound.duration));
  const part = isWhole ? length : `the first ${length}`;
  const found = isSilent ? "It is silent." : `It is strongest near ${Math.round(hertz)} Hz and loudest at ${clock(loudest * sound.duration)}.`;
  return { url: paint(powers), words: `${part} from left to right, 40 Hz at the bottom to 8 kHz at the top. ${found}` };
}

async function show(frame) {
  const { id, seconds } = frame.dataset, image = frame.querySelector("img"), note = frame.querySelector(".note");
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    if (!drawn.has(id)) {
      note.textContent = "Drawing it from the audio …";
      drawn.set(id, await make(id, Number(seconds), mine.signal));
      if (drawn.size > KEPT) drawn.delete(drawn.keys().next().value);
    }
    const { url, words } = drawn.get(id);
    Object.assign(image, { src: url, alt: `Spectrogram: ${words}`, hidden: false });
    note.textContent = words[0].toUpperCase() + words.slice(1);
  } catch (error) {
    if (error.name === "AbortError") return;
    note.textContent = error.name === "EncodingError"
      ? "It cannot be drawn: this browser does not know the format of the file."
      : `It cannot be drawn: ${error.message}`;
  }
}

export function begin() {
  asking?.abort();
  const frame = document.querySelector("[data-spectrogram]");
  if (!frame) return;
  frame.addEventListener("toggle", () => {
    localStorage.setItem(STORED, frame.open ? "open" : "closed");
    if (frame.open) show(frame);
    else asking?.abort();
  });
  frame.open = localStorage.getItem(STORED) === "open";
}
