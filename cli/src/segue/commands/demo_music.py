"""A small labelled catalogue that numpy synthesises: simple sounds of known styles, no real recordings.

``OUT/music/<style>/<id>.ogg`` and ``OUT/tracks.csv``: five styles, three artists each, four tracks an artist. The same
call writes the same music. A short file, a broken one and a row without audio are part of it, to show what becomes of
them.
"""

from __future__ import annotations

import csv
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress

Signal = NDArray[np.float64]

RATE = 22_050
BLOCK = 8_192
"""Samples a write: libsndfile's Vorbis encoder crashes on one long write."""
TRACKS_AN_ARTIST = 4
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "pentatonic": (0, 3, 5, 7, 10)}
COLUMNS = ("id", "title", "artist", "album", "genre", "path")


@dataclass(frozen=True)
class Song:
    """What an artist's hand leaves the same, and what changes from track to track."""

    seconds: float
    tempo: float
    """Beats a minute."""
    root: float
    """Hz."""
    scale: tuple[int, ...]
    brightness: float
    """0 is dull, 1 is bright: an artist's sound."""
    random: np.random.Generator


def times(seconds: float) -> Signal:
    """Sample times, shape (seconds * rate,)."""
    return np.arange(int(seconds * RATE)) / RATE


def pitch(song: Song, degree: int) -> float:
    """Frequency of a scale degree, Hz."""
    octave, step = divmod(degree, len(song.scale))
    return float(song.root * 2 ** (octave + song.scale[step] / 12))


def tone(frequency: float, seconds: float, brightness: float, partials: int = 8) -> Signal:
    """Sum of harmonics whose levels fall the slower, the brighter the tone."""
    moments = times(seconds)
    levels = (0.3 + 0.6 * brightness) ** np.arange(partials)
    harmonics = np.arange(1, partials + 1)
    audible = harmonics * frequency < 0.45 * RATE
    waves = np.sin(2 * np.pi * frequency * harmonics[audible, None] * moments)
    return np.asarray(levels[audible] @ waves)


def decay(signal: Signal, half_life: float) -> Signal:
    """A struck or plucked envelope."""
    return signal * 0.5 ** (times(len(signal) / RATE)[: len(signal)] / half_life)


def place(mix: Signal, sound: Signal, start: float) -> None:
    """Add a sound to the mix; what reaches beyond its end is cut."""
    begin = int(start * RATE)
    end = min(len(mix), begin + len(sound))
    if end > begin:
        mix[begin:end] += sound[: end - begin]


def beats(song: Song, division: float = 1.0) -> Signal:
    """Start times of the beats, seconds."""
    return np.arange(0, song.seconds, 60 / song.tempo / division)


# ---------------------------------------------------------------------------------------------------------------
# Styles


def ambient(song: Song) -> Signal:
    """Slow pads that swell and fade."""
    mix = np.zeros(int(song.seconds * RATE))
    for start in np.arange(0, song.seconds, 4.0):
        swell = np.sin(np.pi * np.linspace(0, 1, int(6 * RATE))) ** 2
        for degree in song.random.choice(9, 3, replace=False):
            place(mix, tone(pitch(song, int(degree)), 6, song.brightness * 0.6, 5) * swell, start)
    return mix


def chiptune(song: Song) -> Signal:
    """Square-wave arpeggios over a bass."""
    mix = np.zeros(int(song.seconds * RATE))
    length = 60 / song.tempo / 4
    for index, start in enumerate(beats(song, 4)):
        chord = (index // 16 * 3) % 7
        degree = chord + (0, 2, 4, 7)[index % 4] + int(song.random.integers(0, 2)) * 7
        wave = np.sign(tone(pitch(song, degree) * 2, length, song.brightness, 1))
        place(mix, decay(wave, length * (0.5 + song.brightness)), start)
        if index % 8 == 0:
            place(mix, np.sign(tone(pitch(song, chord) / 2, length * 4, 0, 1)), start)
    return mix


def drums(song: Song) -> Signal:
    """Kick, snare and hats with little pitch."""
    mix = np.zeros(int(song.seconds * RATE))
    fall = times(0.25)
    kick = decay(np.sin(2 * np.pi * (song.root * 0.25 * fall + 6 * (1 - np.exp(-fall * 30)))), 0.06)
    for index, start in enumerate(beats(song, 4)):
        hat = np.diff(song.random.standard_normal(int(0.05 * RATE)))
        place(mix, decay(hat, 0.01 + 0.02 * song.brightness) * 0.3, start)
        if index % 8 == 4:
            place(mix, decay(song.random.standard_normal(int(0.2 * RATE)), 0.05), start)
        if index % 4 == 0 or song.random.random() < 0.1:
            place(mix, kick * 3, start)
    return mix


def plucked(song: Song) -> Signal:
    """A string plucked in even steps, one note after the other."""
    mix = np.zeros(int(song.seconds * RATE))
    degree = 4
    for start in beats(song, 2):
        degree = int(np.clip(degree + song.random.integers(-2, 3), 0, 12))
        place(mix, decay(tone(pitch(song, degree), 1.2, song.brightness), 0.18), start)
    return mix


def chorale(song: Song) -> Signal:
    """Organ chords, four voices, a new one every two beats."""
    mix = np.zeros(int(song.seconds * RATE))
    length = 120 / song.tempo
    for start in beats(song, 0.5):
        base = int(song.random.choice((0, 3, 4, 5)))
        edges = np.minimum(1, np.minimum(times(length), times(length)[::-1]) * 20)
        for degree in (base, base + 2, base + 4, base + 7):
            place(mix, tone(pitch(song, degree), length, 0.4 + 0.5 * song.brightness)[: len(edges)] * edges, start)
    return mix


@dataclass(frozen=True)
class Style:
    """A way to play, and those who play it."""

    name: str
    play: Callable[[Song], Signal]
    tempo: tuple[int, int]
    scale: str
    artists: tuple[str, ...]


STYLES = (
    Style("Ambient", ambient, (60, 70), "major", ("Slow Harbour", "Mira Fields", "Night Ferry")),
    Style("Chiptune", chiptune, (130, 160), "minor", ("Pixel Parade", "Eight Bits Off", "Joystick Choir")),
    Style("Drums", drums, (90, 120), "minor", ("Iron Picnic", "Skin and Rim", "The Metronauts")),
    Style("Plucked", plucked, (95, 125), "pentatonic", ("Oak and Wire", "Lena Strings", "Six Tuned Down")),
    Style("Chorale", chorale, (55, 75), "minor", ("St. Reed", "Bellows Brothers", "Canon Ground")),
)


def compose(style: Style, artist: int, number: int, seconds: float) -> Signal:
    """One track, shape (seconds * rate,), at most 0.8 in magnitude."""
    hand = np.random.default_rng(zlib.crc32(f"{style.name}/{artist}".encode()))
    random = np.random.default_rng(zlib.crc32(f"{style.name}/{artist}/{number}".encode()))
    song = Song(
        seconds=seconds,
        tempo=float(hand.uniform(*style.tempo) + random.uniform(-4, 4)),
        root=float(110 * 2 ** (random.integers(0, 12) / 12)),
        scale=SCALES[style.scale],
        brightness=float(np.clip((artist + hand.uniform(0.2, 0.8)) / 3, 0, 1)),
        random=random,
    )
    mix = style.play(song)
    mix += 0.002 * random.standard_normal(len(mix))
    return np.asarray(mix * (0.8 / np.abs(mix).max()))


def write_audio(signal: Signal, path: Path) -> None:
    """Write Vorbis, whole or not at all."""
    partial = path.with_suffix(".partial")
    with soundfile.SoundFile(partial, "w", RATE, 1, format="OGG", subtype="VORBIS") as file:
        for start in range(0, len(signal), BLOCK):
            file.write(signal[start : start + BLOCK])
    partial.rename(path)


def odd_ones(music: Path) -> list[dict[str, str]]:
    """A jingle that is too short, a broken file and a row whose audio is missing."""
    folder = music / "odd-ones"
    folder.mkdir(parents=True, exist_ok=True)
    write_audio(0.5 * np.sin(2 * np.pi * 440 * times(1.5)), folder / "odd-jingle.ogg")
    (folder / "odd-broken-download.ogg").write_bytes(b"OggS" + bytes(range(256)) * 16)
    titles = {
        "odd-jingle": "A jingle",
        "odd-broken-download": "Half a download",
        "odd-lost-tape": "A row without audio",
    }
    common = {"artist": "", "album": "Odd ones", "genre": "Odd ones"}
    return [{"id": name, "title": title, "path": f"odd-ones/{name}.ogg", **common} for name, title in titles.items()]


def synthesise(out: Path, *, seconds: float = 20.0, tracks_an_artist: int = TRACKS_AN_ARTIST, tell: bool = True) -> int:
    """Write what is not there yet, then the table; return the number of tracks.

    Parameters
    ----------
    out
        Folder to write to.
    seconds
        Length of a track.
    tell
        Show progress, in a terminal.
    """
    music = out / "music"
    rows = odd_ones(music)
    wanted = [
        (style, artist, number)
        for style in STYLES
        for artist in range(len(style.artists))
        for number in range(1, tracks_an_artist + 1)
    ]
    shown = tell and sys.stderr.isatty()
    for style, artist, number in progress(
        wanted, description="synthesising", console=Console(stderr=True), disable=not shown
    ):
        name = style.artists[artist]
        stem = f"{style.name}-{name}-{number}".lower().replace(" ", "-").replace(".", "")
        path = music / style.name.lower() / f"{stem}.ogg"
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            write_audio(compose(style, artist, number, seconds), path)
        row = {"id": stem, "title": f"{style.name} No. {number}", "artist": name, "album": f"{name}: Studies"}
        rows.append({**row, "genre": style.name, "path": path.relative_to(music).as_posix()})
    with (out / "tracks.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(wanted)
