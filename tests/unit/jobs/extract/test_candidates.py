"""The first file of a track that can be decoded is taken; the others are alternatives, not errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_core.contract import ExtractArguments, Reason, Stage
from segue_core.store.records import Alternative, RejectedRecord
from segue_jobs.extract.candidates import Candidates
from segue_jobs.listing.listed_tracks import ListedTrack, Problem
from support.audio import write_tune
from support.shard import extract_shard

EMPTY = Problem(Stage.DECODE, Reason.EMPTY_FILE, "the file is empty")
TRACK = ListedTrack("x/s", "x/s.flac", alternatives=("x/s.mp3", "x/s.ogg"))


def test_the_next_file_is_tried_and_the_others_say_why_not() -> None:
    files = Candidates(TRACK)
    assert files.path == "x/s.flac"
    assert files.fail(EMPTY) is None
    assert (files.track.path, files.track.alternatives) == ("x/s.mp3", ("x/s.flac", "x/s.ogg"))
    assert files.alternatives() == (
        Alternative(path="x/s.flac", message="EmptyFile: the file is empty; s.mp3 is taken instead"),
        Alternative(path="x/s.ogg", message="s.mp3 is the better file of this track"),
    )


def test_if_all_fail_one_problem_names_each() -> None:
    files = Candidates(TRACK)
    damaged = Problem(Stage.DECODE, Reason.DECODE_ERROR, "damaged")
    assert [files.fail(EMPTY), files.fail(damaged)] == [None, None]
    assert files.fail(damaged) == Problem(
        Stage.DECODE,
        Reason.EMPTY_FILE,
        "none of 3 files of this track can be used. s.flac: the file is empty; s.mp3: damaged; s.ogg: damaged",
    )


def test_the_problem_of_an_only_file_stays_as_it_is() -> None:
    assert Candidates(ListedTrack("s", "s.mp3")).fail(EMPTY) == EMPTY


@pytest.fixture
def music(tmp_path: Path) -> Path:
    root = tmp_path / "music"
    write_tune(root / "twins" / "good.ogg", 6.0)
    (root / "twins" / "good.flac").write_bytes(b"no music")
    write_tune(root / "both.flac", 6.0)
    write_tune(root / "both.ogg", 6.0)
    (root / "bad.flac").write_bytes(b"no music")
    (root / "bad.mp3").write_bytes(b"")
    return root


def test_a_shard_takes_what_can_be_decoded(music: Path) -> None:
    batch = ExtractArguments(catalogue="c", batch="b", batch_uid="u", audio_root=str(music))
    records, summary = extract_shard(batch)
    taken = records.tracks
    assert {track_id: record.path for track_id, record in taken.items()} == {
        "twins/good": "twins/good.ogg",
        "both": "both.flac",
    }
    assert [entry.path for entry in taken["twins/good"].alternatives] == ["twins/good.flac"]
    assert "UnsupportedFormat" in taken["twins/good"].alternatives[0].message
    assert taken["both"].alternatives == (
        Alternative(path="both.ogg", message="both.flac is the better file of this track"),
    )
    [rejected] = [record for record in records if isinstance(record, RejectedRecord)]
    assert (rejected.track_id, rejected.reason) == ("bad", Reason.UNSUPPORTED_FORMAT)
    assert rejected.message.startswith("none of 2 files of this track can be used. bad.flac: ")
    assert (summary.listed, summary.extracted, summary.rejected, summary.alternatives) == (3, 2, 1, 2)
