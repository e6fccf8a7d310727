"""Over any folder tree, every audio file is listed once or named as passed over, and ids stay when files are added."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import Reason
from segue_jobs.listing.audio_files import AudioFolder, find_audio
from segue_jobs.listing.formats import AUDIO_EXTENSIONS
from segue_jobs.listing.join import list_by_path
from segue_jobs.listing.listed_tracks import Listing
from segue_jobs.listing.track_ids import extension_of, without_extension

FOLDERS = st.sampled_from(
    ["a", "b", "...c", ".hidden", "#recycle", "@eaDir", "e\u0301", "\u00e9", "d.mp3", "caf\udce9", " "]
)
STEMS = st.sampled_from(
    [
        "1",
        "01",
        "001",
        "s",
        " s",
        "s ",
        "._s",
        ".s",
        "..",
        "..\u2215evil",
        "a#2",
        "\u00e9",
        "e\u0301",
        "caf\udce9",
        "a\nb",
    ]
)
NAMES = st.builds("{}{}".format, STEMS, st.sampled_from([".mp3", ".flac", ".MP3", ".m4a", ".jpg", ""]))
PLACES = st.lists(FOLDERS, max_size=3).map("/".join)


class Entry(NamedTuple):
    """A file, or a link to ``target``, which may be a folder, a file, a parent, or nothing."""

    place: str
    name: str
    target: str | None


FILES = st.builds(Entry, PLACES, NAMES, st.none())
LINKS = st.builds(
    Entry,
    PLACES,
    NAMES | FOLDERS,
    PLACES | st.builds("{}/{}".format, PLACES, NAMES) | st.just("../outside") | st.just(".."),
)


def make(root: Path, entries: list[Entry]) -> None:
    """Make what the others leave room for."""
    for entry in entries:
        path = root / entry.place / entry.name
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry.target is None:
                path.touch(exist_ok=False)
            else:
                path.symlink_to(root / entry.target)


def audio_on_disk(root: Path) -> Iterator[str]:
    """Paths of all entries, other than folders, that end like audio, links to folders not followed."""
    for folder, _, names in os.walk(root):
        for name in names:
            if extension_of(name).lower() in AUDIO_EXTENSIONS:
                yield os.path.relpath(Path(folder, name), root)


def is_passed_over(path: str, folder: AudioFolder) -> bool:
    return any(
        path == entry.path or (entry.path[-1] == "/" and path.startswith(entry.path)) for entry in folder.passed_over
    )


def usable(listing: Listing) -> dict[str, str]:
    return {track.track_id: track.path or "" for track in listing.tracks if track.problem is None}


@given(st.lists(FILES | LINKS, max_size=12))
def test_every_audio_file_is_listed_once_or_named_as_passed_over(entries: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "music")
        make(Path(name, "outside"), [Entry("x", "y.mp3", None), Entry("", "z.flac", None)])
        make(root, entries)
        root.mkdir(exist_ok=True)
        folder = find_audio(root)
        listing = list_by_path(folder.files)
        listed = Counter(path for track in listing.tracks for path in track.candidates)
        assert set(listed.values()) <= {1}
        assert len({track.track_id for track in listing.tracks}) == len(listing.tracks)
        files = {os.path.realpath(root / path) for path in listed if not (root / path).is_symlink()}
        for path in audio_on_disk(root):
            assert (path in listed) != is_passed_over(path, folder), path
        assert len(files) == sum(not (root / path).is_symlink() for path in listed), "no file is listed under two paths"
        for track in listing.tracks:
            assert all(path.endswith("/") or os.path.lexists(root / path) for path in track.candidates)


@given(st.lists(FILES | LINKS, max_size=10), st.lists(FILES, min_size=1, max_size=4))
def test_ids_stay_when_files_are_added(before: list[Entry], added: list[Entry]) -> None:
    """The file of an id may change to a better one of the same song; no other song takes its id.

    Two names that need to be changed for their ids, and then are the same, are the exception: the first one wins.
    """
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "music")
        root.mkdir()
        make(root, before)
        old = usable(list_by_path(find_audio(root).files))
        make(root, added)
        listing = list_by_path(find_audio(root).files)
    new = {track.track_id: track for track in listing.tracks}
    strange = {
        track.track_id.split("#")[0]
        for track in listing.tracks
        if track.problem and track.problem.reason is Reason.DUPLICATE_ID
    }
    for track_id, path in old.items():
        if track_id not in strange or without_extension(path) == track_id:
            assert path in new[track_id].candidates
