"""Clips for the extraction benchmark, cut from a folder of music into a temporary one."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE = 44_100
CLIP_SECONDS = 30
_MP3_BITRATE_256 = (320 - 256) / (320 - 32)
"""libsndfile's compression level of a constant bit rate: 0 is 320 kbit/s, 1 is 32."""
_PIECE = 1 << 12


@dataclass
class Clips:
    """Files to measure with."""

    mp3: list[Path] = field(default_factory=list)
    """30 s, 256 kbit/s, 44.1 kHz, stereo."""
    wav: list[Path] = field(default_factory=list)
    ogg: list[Path] = field(default_factory=list)
    flac: list[Path] = field(default_factory=list)
    tracks: list[Path] = field(default_factory=list)
    """mp3 of four minutes."""
    long: dict[int, Path] = field(default_factory=dict)
    """Minutes -> mp3."""


def write_mp3(path: Path, pieces: Iterator[np.ndarray]) -> Path:
    """Constant 256 kbit/s, stereo, 44.1 kHz."""
    options = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT"}
    with soundfile.SoundFile(path, "w", RATE, 2, compression_level=_MP3_BITRATE_256, **options) as file:
        for piece in pieces:
            file.write(piece)
    return path


def _write(path: Path, samples: np.ndarray, **options: str) -> Path:
    with soundfile.SoundFile(path, "w", RATE, 2, **options) as file:
        for start in range(0, len(samples), _PIECE):  # libsndfile cannot write Vorbis in one long piece
            file.write(samples[start : start + _PIECE])
    return path


def read_stereo(path: Path, start: float = 0.0, seconds: float | None = None) -> np.ndarray:
    """Part of a file, stereo at 44.1 kHz, float32."""
    with soundfile.SoundFile(os.fsencode(path)) as file:
        file.seek(int(start * file.samplerate))
        samples = file.read(-1 if seconds is None else int(seconds * file.samplerate), dtype="float32", always_2d=True)
        rate = file.samplerate
    samples = samples[:, [0, -1]]
    return samples if rate == RATE else soxr.resample(samples, rate, RATE)


def find_tracks(music: Path, seconds: float) -> list[tuple[Path, float]]:
    """Audio files of at least so many seconds and their lengths, spread over the folders they are in."""
    folders: dict[Path, list[tuple[Path, float]]] = {}
    for path in sorted(music.rglob("*")):
        try:
            duration = soundfile.info(os.fsencode(path)).duration if path.is_file() else 0.0
        except soundfile.LibsndfileError:
            continue
        if duration >= seconds:
            folders.setdefault(path.parent, []).append((path, duration))
    rows = itertools.zip_longest(*folders.values())
    return [track for row in rows for track in row if track is not None]


def make_clips(music: Path, folder: Path, count: int, tracks: int = 4) -> Clips:
    """Cut the clips."""
    clips = Clips()
    found = find_tracks(music, CLIP_SECONDS + 5)
    if not found:
        raise SystemExit(f"no audio of {CLIP_SECONDS + 5} s or more below {music}: name a folder with music")
    for number, (path, duration) in enumerate(found[:count]):
        samples = read_stereo(path, duration / 2 - CLIP_SECONDS / 2, CLIP_SECONDS)[: RATE * CLIP_SECONDS]
        stem = folder / f"{number:03d}"
        clips.mp3.append(write_mp3(stem.with_suffix(".mp3"), iter([samples])))
        clips.wav.append(_write(stem.with_suffix(".wav"), samples, subtype="PCM_16"))
        clips.ogg.append(_write(stem.with_suffix(".ogg"), samples))
        clips.flac.append(_write(stem.with_suffix(".flac"), samples, subtype="PCM_16"))
    by_length = sorted(found, key=lambda track: abs(track[1] - 240))
    for number, (path, _) in enumerate(by_length[:tracks]):
        samples = read_stereo(path)
        samples = np.resize(samples, (240 * RATE, 2)) if len(samples) < 200 * RATE else samples[: 270 * RATE]
        clips.tracks.append(write_mp3(folder / f"track{number}.mp3", iter([samples])))
    return clips


def make_long(music: Path, folder: Path, minutes: int) -> Path:
    """An mp3 of so many minutes, of tracks one after the other."""

    def pieces() -> Iterator[np.ndarray]:
        left = minutes * 60 * RATE
        for path, _ in itertools.cycle(find_tracks(music, CLIP_SECONDS)):
            samples = read_stereo(path)[:left]
            yield samples
            left -= len(samples)
            if left <= 0:
                return

    return write_mp3(folder / f"long{minutes}.mp3", pieces())
