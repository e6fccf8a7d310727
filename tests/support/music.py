"""Real music for the tests that need it: a folder of the user's, or what the demo has fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

_REPOSITORY = Path(__file__).resolve().parents[2]
_VARIABLE = "SEGUE_TEST_MUSIC"


def music_folders() -> list[Path]:
    """Where music is looked for: the named folder alone, else the demo's, else the cache."""
    if named := os.environ.get(_VARIABLE):
        return [Path(named)]
    state = Path(os.environ.get("SEGUE_STATE") or _REPOSITORY / ".segue")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [state / "demo", cache / "segue" / "music"]


def real_tracks(count: int, seconds: float) -> list[Path]:
    """So many tracks of at least that length; skips the test where no folder has them."""
    folders = music_folders()
    for folder in folders:
        tracks = [path for path, _ in zip(_tracks(folder, seconds), range(count), strict=False)]
        if len(tracks) == count:
            return tracks
    pytest.skip(
        f"none of {', '.join(map(str, folders))} has {count} tracks of {seconds:g} s: "
        f"run the demo, which fetches some, or name a folder of music in {_VARIABLE}"
    )


def _tracks(folder: Path, seconds: float) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and soundfile.info(os.fsencode(path)).duration >= seconds:
                yield path
        except soundfile.LibsndfileError:
            continue
