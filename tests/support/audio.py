"""Audio files for tests: a tune, and every odd file that a music folder may hold."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".opus": "OGG", ".mp3": "MP3", ".aiff": "AIFF"}
_SUBTYPES = {".opus": "OPUS", ".ogg": "VORBIS"}
_BLOCK = 4096


def tune(seconds: float = 8.0, rate: int = 22_050, *, seed: int = 1, beats: float = 2.0) -> Samples:
    """A plucked scale with a little noise: it has a key, a tempo and onsets."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    beat = np.floor(time * beats).astype(int)
    notes = 220 * 2 ** (random.choice([0, 2, 4, 5, 7, 9, 11, 12], size=beat.max() + 1) / 12)
    phase = 2 * np.pi * np.cumsum(notes[beat]) / rate
    decay = np.exp(-4 * (time * beats - beat))
    sound = decay * (np.sin(phase) + 0.5 * np.sin(2 * phase)) + 0.02 * random.standard_normal(len(time))
    return (0.3 * sound).astype(np.float32)


def write_audio(path: Path, samples: Samples, rate: int = 22_050, *, subtype: str | None = None) -> Path:
    """Write samples in the format of the path's extension, in small blocks (Vorbis needs that)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    kind = _FORMATS[path.suffix]
    with soundfile.SoundFile(
        os.fsencode(path), "w", rate, channels, subtype or _SUBTYPES.get(path.suffix), format=kind
    ) as file:
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK])
    return path


def write_tune(path: Path, seconds: float = 8.0, rate: int = 22_050, *, seed: int = 1) -> Path:
    """Write a tune in the format of the path's extension."""
    return write_audio(path, tune(seconds, rate, seed=seed), rate)


def truncate(path: Path, share: float) -> Path:
    """Cut a file to a share of its bytes, as a broken download does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def write_sparse_hours(path: Path, hours: float, rate: int = 8000) -> Path:
    """A long 16-bit wav of silence with half a minute of noise in the middle; takes next to no room on the disk."""
    frames = int(hours * 3600 * rate)
    header = b"RIFF" + struct.pack("<I", 36 + 2 * frames) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", 2 * frames)
    noise = np.random.default_rng(1).integers(-5000, 5000, 40 * rate, dtype=np.int16)
    with path.open("wb") as file:
        file.write(header)
        file.seek(len(header) + frames - len(noise))
        file.write(noise.tobytes())
        file.truncate(len(header) + 2 * frames)
    return path


def mp4_with_drm() -> bytes:
    """Beginning of a protected MPEG-4 file: an ``ftyp`` box of the M4P brand and an empty ``mdat``."""
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"M4P ", 0, b"M4P ") + struct.pack(">I4s", 8, b"mdat") + b"\0" * 4096


def ogg_video() -> bytes:
    """One Ogg page that begins a Theora stream."""
    body = b"\x80theora\x03\x02\x01" + b"\0" * 32
    return b"OggS\0\x02" + b"\0" * 20 + bytes([1, len(body)]) + body
