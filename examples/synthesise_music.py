"""Synthesise a small labelled catalogue with numpy, where no real music can be fetched.

Usage: python examples/synthesise_music.py OUT [--seconds 20] [--tracks 4]

Writes ``OUT/music`` and ``OUT/tracks.csv``, as ``segue demo`` does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segue.commands.demo_music import TRACKS_AN_ARTIST, synthesise


def main(argv: list[str] | None = None) -> int:
    """Write what is not there yet, then the table."""
    parser = argparse.ArgumentParser(description="Synthesise a small labelled catalogue with numpy.")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a track (default: 20)")
    parser.add_argument("--tracks", type=int, default=TRACKS_AN_ARTIST, help="tracks of each artist (default: 4)")
    arguments = parser.parse_args(argv)
    print("Synthesising music: simple sounds of known styles, no real recordings.")
    count = synthesise(arguments.out, seconds=arguments.seconds, tracks_an_artist=arguments.tracks)
    print(f"{count} tracks in {arguments.out}; numpy made them, so no licence binds them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
