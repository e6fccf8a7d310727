"""Every file and every row is accounted for exactly once; shards partition the listing."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.contract import MetadataFormat, Reason, RowsWithoutAudio, Stage
from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.join import join, list_by_path
from segue_jobs.listing.metadata import MetadataTable, Row
from segue_jobs.listing.model import Listing, Problem
from segue_jobs.listing.track_ids import JoinBy, canonical_id, path_of_cell
from segue_jobs.records import Metadata

FORMAT = {JoinBy.NUMBER: MetadataFormat.FMA_TRACKS, JoinBy.STEM: MetadataFormat.FLAT, JoinBy.PATH: MetadataFormat.FLAT}
REJECT, IGNORE = RowsWithoutAudio.REJECT, RowsWithoutAudio.IGNORE


def table(join_by: JoinBy, *cells: str) -> MetadataTable:
    rows = []
    for number, cell in enumerate(cells, 1):
        track_id, _, path = cell.partition("@")
        metadata = Metadata(title=f"row {number}")
        rows.append(Row(number, canonical_id(track_id or path), path_of_cell(path) if path else None, metadata))
    return MetadataTable(FORMAT[join_by], join_by, tuple(rows))


def files(*paths: str) -> list[AudioFile]:
    return [AudioFile(path) for path in sorted(paths)]


def shown(listing: Listing) -> dict[str, tuple[str | None, Reason | None]]:
    return {track.track_id: (track.path, track.problem and track.problem.reason) for track in listing.tracks}


def test_rows_and_files_meet_by_number() -> None:
    listing = join(files("000/000002.mp3", "3.mp3"), table(JoinBy.NUMBER, "2", "3"), REJECT)
    assert shown(listing) == {"2": ("000/000002.mp3", None), "3": ("3.mp3", None)}
    assert [track.metadata.title for track in listing.tracks] == ["row 1", "row 2"]


def test_rows_without_audio_and_audio_without_rows() -> None:
    listing = join(files("1.mp3", "intro.mp3"), table(JoinBy.NUMBER, "2"), REJECT)
    assert shown(listing) == {
        "1": ("1.mp3", Reason.NO_METADATA),
        "2": (None, Reason.NO_AUDIO),
        "intro": ("intro.mp3", Reason.BAD_NAME),
    }


@pytest.mark.parametrize(
    ("join_by", "policy", "ignored"),
    [
        (JoinBy.NUMBER, RowsWithoutAudio.AUTO, 1),
        (JoinBy.STEM, RowsWithoutAudio.AUTO, 0),
        (JoinBy.NUMBER, REJECT, 0),
        (JoinBy.STEM, IGNORE, 1),
    ],
)
def test_policy_for_rows_without_audio(join_by: JoinBy, policy: RowsWithoutAudio, ignored: int) -> None:
    listing = join(files("1.mp3"), table(join_by, "1", "2"), policy)
    assert listing.ignored_rows == ignored
    assert len(listing.tracks) == 2 - ignored


def test_the_first_of_two_rows_wins() -> None:
    listing = join(files("a.mp3"), table(JoinBy.STEM, "a", "a", "a"), REJECT)
    assert shown(listing) == {
        "a": ("a.mp3", None),
        "a#2": (None, Reason.DUPLICATE_ID),
        "a#3": (None, Reason.DUPLICATE_ID),
    }
    assert listing.tracks[0].metadata.title == "row 1"


def test_the_first_of_two_files_wins() -> None:
    listing = join(files("x/a.mp3", "y/a.ogg"), table(JoinBy.STEM, "a"), REJECT)
    assert shown(listing) == {"a": ("x/a.mp3", None), "a#2": ("y/a.ogg", Reason.DUPLICATE_ID)}


def test_an_id_that_looks_like_a_duplicate_keeps_its_name() -> None:
    listing = join(files("a#2.mp3", "x/a.mp3", "y/a.mp3"), table(JoinBy.STEM, "a", "a#2"), REJECT)
    assert shown(listing) == {
        "a": ("x/a.mp3", None),
        "a#2": ("a#2.mp3", None),
        "a#3": ("y/a.mp3", Reason.DUPLICATE_ID),
    }


def test_rows_that_name_their_file() -> None:
    rows = table(
        JoinBy.PATH, "one@rock/a.mp3", "two@b.mp3", "three@c.mp3", "four@../../etc/passwd.mp3", "five@rock/a.mp3"
    )
    listing = join(files("rock/a.mp3", "deep/down/b.mp3", "x/c.mp3", "y/c.mp3"), rows, REJECT)
    assert shown(listing) == {
        "one": ("rock/a.mp3", None),
        "two": ("deep/down/b.mp3", None),
        "three": (None, Reason.NO_AUDIO),
        "four": (None, Reason.NO_AUDIO),
        "five": (None, Reason.DUPLICATE_ID),
        "x/c": ("x/c.mp3", Reason.NO_METADATA),
        "y/c": ("y/c.mp3", Reason.NO_METADATA),
    }


def test_an_unreadable_file_keeps_its_row() -> None:
    problem = Problem(Stage.LIST, Reason.UNREADABLE, "…")
    listing = join([AudioFile("1.mp3", problem), AudioFile("closed/", problem)], table(JoinBy.NUMBER, "1"), REJECT)
    assert shown(listing) == {"1": ("1.mp3", Reason.UNREADABLE), "closed/": ("closed/", Reason.UNREADABLE)}
    assert listing.tracks[0].metadata.title == "row 1"


def test_files_alone_are_called_by_their_path() -> None:
    listing = list_by_path(files("rock/a.mp3", "rock/a.ogg", "b.mp3", "7.mp3", "007.mp3"))
    assert shown(listing) == {
        "7": ("007.mp3", None),
        "7#2": ("7.mp3", Reason.DUPLICATE_ID),
        "b": ("b.mp3", None),
        "rock/a": ("rock/a.mp3", None),
        "rock/a#2": ("rock/a.ogg", Reason.DUPLICATE_ID),
    }


NAMES = st.sampled_from(["1", "01", "2", "a", "a#2", "a#3", "b", "row-1", "é", "e\u0301", "caf\udce9"])
PATHS = st.builds(
    lambda folder, name, extension: f"{folder}{name}{extension}",
    st.sampled_from(["", "x/", "y/"]),
    NAMES,
    st.sampled_from([".mp3", ".ogg"]),
)
CELLS = st.one_of(NAMES, st.builds(lambda name, path: f"{name}@{path}", NAMES, PATHS))


@given(
    paths=st.sets(PATHS, max_size=12),
    cells=st.lists(CELLS, max_size=12),
    join_by=st.sampled_from(JoinBy),
    policy=st.sampled_from([REJECT, IGNORE]),
)
def test_everything_is_accounted_for_exactly_once(
    paths: set[str], cells: list[str], join_by: JoinBy, policy: RowsWithoutAudio
) -> None:
    rows = table(join_by, *(cell if join_by is JoinBy.PATH else cell.partition("@")[0] for cell in cells))
    listing = join(files(*paths), rows, policy)
    assert Counter(track.path for track in listing.tracks if track.path) == Counter(paths)
    titles = Counter(track.metadata.title for track in listing.tracks if track.metadata.title)
    assert set(titles.values()) <= {1}
    assert len(titles) + listing.ignored_rows == len(cells)
    assert policy is IGNORE or listing.ignored_rows == 0
    ids = [track.track_id for track in listing.tracks]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert all(track.path and track.metadata.title for track in listing.tracks if track.problem is None)


@given(st.sets(PATHS, max_size=20), st.integers(1, 5))
def test_shards_partition_the_listing(paths: set[str], shards: int) -> None:
    listing = list_by_path(files(*paths))
    parts = [track for index in range(shards) for track in listing.shard(index, shards)]
    assert sorted(parts, key=lambda track: track.track_id) == list(listing.tracks)
