"""Every file and every row is accounted for exactly once; shards partition the listing."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import MetadataFormat, Reason, RowsWithoutAudio, Stage
from segue_core.store.records import Metadata
from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.join import join, list_by_path
from segue_jobs.listing.listed_tracks import Listing, Problem
from segue_jobs.listing.metadata import MetadataTable, Row
from segue_jobs.listing.track_ids import JoinBy, canonical_id, path_of_cell

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


def test_rows_and_files_are_joined_by_number() -> None:
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


def test_files_without_a_csv_are_named_after_their_path() -> None:
    listing = list_by_path(files("rock/a.mp3", "rock/a.ogg", "pop/a.mp3", "b.mp3", "1.mp3", "01.mp3"))
    assert shown(listing) == {
        "01": ("01.mp3", None),
        "1": ("1.mp3", None),
        "b": ("b.mp3", None),
        "pop/a": ("pop/a.mp3", None),
        "rock/a": ("rock/a.mp3", None),
    }
    assert {track.track_id: track.alternatives for track in listing.tracks if track.alternatives} == {
        "rock/a": ("rock/a.ogg",)
    }


def test_the_files_of_a_song_are_listed_best_first() -> None:
    unreadable = Problem(Stage.LIST, Reason.UNREADABLE, "…")
    found = [
        AudioFile("s.ape", unreadable),
        AudioFile("s.flac", size=0),
        AudioFile("s.m4a", size=3),
        AudioFile("s.mp3", size=5),
        AudioFile("s.mp4", size=9),
        AudioFile("s.wav", size=4),
        AudioFile("s.ogg", size=5),
    ]
    [track] = list_by_path(found).tracks
    assert track.problem is None
    assert track.candidates == ("s.wav", "s.mp3", "s.ogg", "s.m4a", "s.mp4", "s.flac", "s.ape")


def test_a_song_without_a_readable_file_is_one_rejection_that_names_each() -> None:
    one, two = (Problem(Stage.LIST, Reason.UNREADABLE, message) for message in ("a pipe", "a dead link"))
    [track] = list_by_path([AudioFile("x/s.flac", one), AudioFile("x/s.mp3", two)]).tracks
    assert track.problem
    assert (track.path, track.alternatives, track.problem.reason) == ("x/s.flac", ("x/s.mp3",), Reason.UNREADABLE)
    assert track.problem.message == "none of 2 files of this track can be used. s.flac: a pipe; s.mp3: a dead link"


def test_a_file_with_a_stranger_name_takes_no_id_away() -> None:
    assert shown(list_by_path(files(" a.mp3", "a.mp3"))) == {
        "a": ("a.mp3", None),
        "a#2": (" a.mp3", Reason.DUPLICATE_ID),
    }


def test_a_row_has_the_files_beside_the_one_that_it_names() -> None:
    rows = table(JoinBy.PATH, "one@x/a.mp3", "two@x/b.mp3", "three@x/b.flac")
    listing = join(files("x/a.flac", "x/a.mp3", "x/b.mp3", "x/b.flac", "y/a.mp3"), rows, REJECT)
    assert {track.track_id: track.candidates for track in listing.tracks} == {
        "one": ("x/a.mp3", "x/a.flac"),
        "two": ("x/b.mp3",),
        "three": ("x/b.flac",),
        "y/a": ("y/a.mp3",),
    }


def test_a_row_may_name_a_file_that_another_one_replaces() -> None:
    broken = AudioFile("a.flac", Problem(Stage.LIST, Reason.UNREADABLE, "…"))
    [track] = join([broken, AudioFile("a.mp3")], table(JoinBy.PATH, "one@a.flac"), REJECT).tracks
    assert (track.problem, track.candidates) == (None, ("a.mp3", "a.flac"))


@pytest.mark.parametrize("name", [" a.mp3", "a.mp3"])
def test_blanks_around_a_path_may_be_the_names_or_not(name: str) -> None:
    [track] = join(files(name), table(JoinBy.PATH, "one@ a.mp3"), REJECT).tracks
    assert (track.path, track.problem) == (name, None)


def messages(listing: Listing) -> dict[str, str]:
    return {track.track_id: track.problem.message for track in listing.tracks if track.problem}


def test_leading_zeros_are_dropped_where_an_id_needs_it() -> None:
    listing = join(files("007.mp3", "8.mp3"), table(JoinBy.STEM, "7", "0008"), REJECT)
    assert shown(listing) == {"7": ("007.mp3", None), "0008": ("8.mp3", None)}


def test_two_numbers_with_their_own_files_are_two_songs() -> None:
    listing = join(files("007.mp3", "7.mp3"), table(JoinBy.STEM, "7", "007"), REJECT)
    assert shown(listing) == {"7": ("7.mp3", None), "007": ("007.mp3", None)}


ARABIC_7, WIDE_7 = "\u0660\u0660\u0667", "\uff17"


def test_ids_that_are_one_number_name_each_other() -> None:
    listing = join(files("7.mp3"), table(JoinBy.STEM, "007", "7", ARABIC_7, WIDE_7), REJECT)
    assert shown(listing)["7"] == ("7.mp3", None)
    end = "the same number as '7' of row 2: give each its own id"
    assert messages(listing) == {
        track_id: f"row {number} has the id {track_id!r}, {end}"
        for number, track_id in ((1, "007"), (3, ARABIC_7), (4, WIDE_7))
    }


def test_rows_that_name_files_must_not_share_a_number_either() -> None:
    listing = join(files("a.mp3", "b.mp3"), table(JoinBy.PATH, "7@a.mp3", "007@b.mp3"), REJECT)
    assert shown(listing) == {"7": ("a.mp3", None), "007": ("b.mp3", Reason.DUPLICATE_ID)}


def test_a_row_that_cannot_be_used_claims_its_file() -> None:
    bad = Row(1, "a", problem=Problem(Stage.LIST, Reason.BAD_METADATA, "…"))
    nameless = Row(2, "row-2", problem=Problem(Stage.LIST, Reason.BAD_METADATA, "…"), is_nameless=True)
    rows = MetadataTable(MetadataFormat.FLAT, JoinBy.STEM, (bad, nameless))
    assert shown(join(files("a.mp3", "row-2.mp3"), rows, REJECT)) == {
        "a": ("a.mp3", Reason.BAD_METADATA),
        "row-2": (None, Reason.BAD_METADATA),
        "row-2#2": ("row-2.mp3", Reason.NO_METADATA),
    }


def test_duplicates_name_the_other() -> None:
    listing = join(files("x/a.mp3", "y/a.ogg"), table(JoinBy.STEM, "a", "a"), REJECT)
    assert set(messages(listing).values()) == {
        "row 2 has the same id as row 1: give each track its own id",
        "x/a.mp3 has the same id: rename or remove one of them",
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
    assert Counter(path for track in listing.tracks for path in track.candidates) == Counter(paths)
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
