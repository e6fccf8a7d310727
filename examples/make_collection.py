"""Make a music folder as people have them: 60 files in 20 formats, with tags and oddities, two of them unusable.

Usage: python examples/make_collection.py OUT [--seconds 12]

Writes OUT/<style>/<artist>/<number> <title>.<ending>, what lies beside music on old disks, and two files that
deserve a rejection: half a download, and a text that is called .mp3.
"""

from __future__ import annotations

import argparse
import itertools
import struct
import sys
from pathlib import Path

import numpy as np
from music_formats import FORMATS, Format, Sound, write, write_dff, write_dsf
from rich.progress import track as progress

from segue.commands.demo_music import RATE, STYLES, compose

TRACKS = 58
DSD = {".dsf": write_dsf, ".dff": write_dff}
ENDINGS = [form.suffix for form in FORMATS if form.suffix not in {".mp4", ".webm"}] + list(DSD)
"""Twenty of them; films are left out."""


def sound_of(number: int, seconds: float) -> Sound:
    """A track in two channels, shape (samples, 2)."""
    style, artist = STYLES[number % len(STYLES)], number // len(STYLES) % 3
    mono = compose(style, artist, number // 15 + 1, seconds)
    return np.stack([mono, 0.8 * mono], axis=1).astype(np.float32)


def write_track(folder: Path, number: int, suffix: str, seconds: float) -> Path:
    """One track with its tags."""
    style = STYLES[number % len(STYLES)]
    artist = style.artists[number // len(STYLES) % 3]
    title = f"{style.name} No. {number // 15 + 1}"
    path = folder / style.name / artist.rstrip(".") / f"{number:02} {title}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = sound_of(number, seconds)
    if suffix in DSD:
        return DSD[suffix](path, sound, RATE)
    tags = {"title": title, "artist": artist, "album": f"{artist}: Studies", "genre": style.name, "date": "2019-04-03"}
    return write(path, sound, RATE, form_of(suffix), tags)


def form_of(suffix: str) -> Format:
    """The format of an ending."""
    return next(form for form in FORMATS if form.suffix == suffix)


def spoil(path: Path) -> None:
    """Turn good files into odd ones that Segue still takes."""
    data = bytearray(path.read_bytes())
    if path.suffix == ".wav":  # the recorder crashed before it wrote the size
        place = data.index(b"data") + 4
        data[place : place + 4] = bytes(4)
    elif path.suffix == ".flac":  # from a pipe: it does not know its length
        data[21] &= 0xF0
        data[22:26] = bytes(4)
    path.write_bytes(data)


def write_rubbish(folder: Path, song: Path) -> None:
    """What lies beside music, and is nobody's music."""
    side = struct.pack(">II16sH", 0x00051607, 0x00020000, b"Mac OS X        ", 0)
    (song.parent / f"._{song.name}").write_bytes(side.ljust(4096, b"\0"))
    for name in ("@eaDir", "#recycle"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "deleted.mp3").write_bytes(song.read_bytes())
    (song.parent / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))


def write_unusable(folder: Path, seconds: float) -> None:
    """The two files that deserve a rejection."""
    whole = write(folder / "Downloads" / "half a download.wv", sound_of(0, 2 * seconds), RATE, form_of(".wv"))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (folder / "Downloads" / "not music.mp3").write_text("This page could not be found.\n" * 200, encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Make the folder; what is there is written again."""
    parser = argparse.ArgumentParser(description="Make a music folder of 60 files in 20 formats.")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of a track (default: 12)")
    arguments = parser.parse_args(argv)
    suffixes = itertools.islice(itertools.cycle(ENDINGS), TRACKS)
    numbered = progress(list(enumerate(suffixes)), description="encoding", disable=not sys.stdout.isatty())
    written = [write_track(arguments.out, number, suffix, arguments.seconds) for number, suffix in numbered]
    for suffix in (".wav", ".flac"):
        spoil(next(path for path in written if path.suffix == suffix))
    write_rubbish(arguments.out, written[0])
    write_unusable(arguments.out, arguments.seconds)
    print(f"{TRACKS} tracks in {len(ENDINGS)} formats and 2 unusable files in {arguments.out}")
    print("numpy made the sounds, so no licence binds them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
