"""Writes sound in the formats that people's collections are in, with PyAV's encoders.

Used by make_collection.py, and by the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""Shape (samples, channels), from -1 to 1."""

DSD_RATE = 2_822_400
DSD_BLOCK = 4096
PIECE = 4096
BIT_RATE = 160_000


@dataclass(frozen=True)
class Format:
    """How to write one format."""

    suffix: str
    container: str
    codec: str
    rate: int = 44_100
    bits: str = ""
    """Sample format; empty for the codec's own."""


FORMATS = (
    Format(".mp3", "mp3", "libmp3lame"),
    Format(".mp2", "mp2", "mp2"),
    Format(".m4a", "ipod", "aac"),
    Format(".alac.m4a", "ipod", "alac"),
    Format(".mp4", "mp4", "aac"),
    Format(".aac", "adts", "aac"),
    Format(".ac3", "ac3", "ac3"),
    Format(".wma", "asf", "wmav2"),
    Format(".wv", "wv", "wavpack", bits="s16p"),
    Format(".tta", "tta", "tta", bits="s16"),
    Format(".flac", "flac", "flac", bits="s16"),
    Format(".oga", "ogg", "flac", bits="s16"),
    Format(".opus", "ogg", "libopus", 48_000),
    Format(".mka", "matroska", "libopus", 48_000),
    Format(".webm", "webm", "libopus", 48_000),
    Format(".wav", "wav", "pcm_s16le"),
    Format(".aiff", "aiff", "pcm_s16be"),
    Format(".au", "au", "pcm_s16be"),
    Format(".caf", "caf", "alac"),
    Format(".w64", "w64", "pcm_s16le"),
)


def write(path: Path, sound: Sound, rate: int, form: Format, tags: Mapping[str, str] | None = None) -> Path:
    """Encode a sound.

    Parameters
    ----------
    rate
        Of the sound, in Hz; it is resampled to the format's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    layout = "mono" if sound.shape[1] == 1 else "stereo"
    with av.open(str(path), "w", format=form.container) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(form.codec, rate=form.rate, layout=layout)
        stream.bit_rate = BIT_RATE
        if form.bits:
            stream.format = form.bits
        size = stream.codec_context.frame_size or PIECE
        resampler = av.AudioResampler(stream.format.name, layout, form.rate, size)
        for frame in frames(soxr.resample(sound, rate, form.rate), form.rate, layout):
            for piece in resampler.resample(frame):
                out.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


def frames(sound: Sound, rate: int, layout: str) -> Iterator[av.AudioFrame]:
    """The sound in pieces."""
    for start in range(0, len(sound), PIECE):
        piece = np.ascontiguousarray(sound[start : start + PIECE].T, dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, start
        yield frame


def dsd_bits(sound: Sound, rate: int) -> NDArray[np.uint8]:
    """One-bit samples at 2.8 MHz, shape (samples, channels): a sigma-delta modulator of the first order."""
    step = DSD_RATE // rate
    level = np.cumsum(np.repeat(0.5 + 0.45 * sound.astype(np.float64), step, axis=0), axis=0)
    return np.diff(np.floor(level), axis=0, prepend=0.0).astype(np.uint8)


def write_dsf(path: Path, sound: Sound, rate: int) -> Path:
    """Write Sony's DSF, least significant bit first, in blocks of each channel."""
    bits = dsd_bits(sound, rate)
    channels = bits.shape[1]
    packed = np.packbits(bits, axis=0, bitorder="little")
    packed = np.pad(packed, ((0, -len(packed) % DSD_BLOCK), (0, 0)))
    data = packed.reshape(-1, DSD_BLOCK, channels).transpose(0, 2, 1).tobytes()
    numbers = (1, 0, channels, channels, DSD_RATE, 1)
    about = b"fmt " + (52).to_bytes(8, "little") + b"".join(number.to_bytes(4, "little") for number in numbers)
    about += len(bits).to_bytes(8, "little") + DSD_BLOCK.to_bytes(4, "little") + bytes(4)
    body = about + b"data" + (12 + len(data)).to_bytes(8, "little") + data
    head = b"DSD " + b"".join(number.to_bytes(8, "little") for number in (28, 28 + len(body), 0))
    path.write_bytes(head + body)
    return path


def write_dff(path: Path, sound: Sound, rate: int) -> Path:
    """Write Philips' DSDIFF, most significant bit first, the channels' bytes in turn."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + len(content).to_bytes(8, "big") + content + bytes(len(content) % 2)

    bits = dsd_bits(sound, rate)
    channels = bits.shape[1]
    names = (b"SLFT", b"SRGT") if channels == 2 else (b"C000",)
    about = chunk(b"FS  ", DSD_RATE.to_bytes(4, "big"))
    about += chunk(b"CHNL", channels.to_bytes(2, "big") + b"".join(names))
    about += chunk(b"CMPR", b"DSD \x0enot compressed\0")
    body = b"DSD " + chunk(b"FVER", b"\x01\x05\0\0") + chunk(b"PROP", b"SND " + about)
    body += chunk(b"DSD ", np.packbits(bits, axis=0).tobytes())
    path.write_bytes(chunk(b"FRM8", body))
    return path
