"""Adding learned features to a catalogue analyses nothing again: only the ear listens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from segue_core.contract import ExtractArguments, ExtractSummary, Family
from segue_core.features.recipes import covers
from segue_core.store.records import EarNote, TrackRecord
from segue_jobs.learned.ear import EarFile
from support.audio import write_tune
from support.ears import MELS, ear_file
from support.shard import extract_shard


def extract(
    root: Path, stored: Iterable[TrackRecord] = (), ear: EarFile | None = None, batch: str = "b"
) -> tuple[dict[str, TrackRecord], ExtractSummary]:
    """What a batch over the folder sends, and its account."""
    arguments = ExtractArguments(catalogue="c", batch=batch, batch_uid=batch, audio_root=str(root), source="music")
    sent, summary = extract_shard(arguments, stored, ear=ear)
    return sent.tracks, summary


@pytest.fixture
def music(tmp_path: Path) -> Path:
    root = tmp_path / "music"
    write_tune(root / "one.ogg", 6.0, seed=1)
    write_tune(root / "two.ogg", 6.0, seed=2)
    return root


def test_only_the_ear_listens_to_what_is_analysed(music: Path, tmp_path: Path) -> None:
    ear = ear_file(tmp_path)
    plain, _ = extract(music)
    # Numbers that no analysis gives: whoever analyses again does not send them.
    marked = {
        track_id: msgspec.structs.replace(record, descriptors={"tempoBpm": 1.0}) for track_id, record in plain.items()
    }
    heard, summary = extract(music, marked.values(), ear, batch="with-ear")
    assert (summary.listed, summary.extracted, summary.skipped) == (2, 2, 0)
    for track_id, record in heard.items():
        assert record.descriptors == {"tempoBpm": 1.0}
        assert len(record.families[Family.LEARNED]) == MELS
        assert record.words.keys() == {"low", "high"}
        assert record.ear == EarNote(name="tiny")
        assert covers(record.recipe, plain[track_id].recipe)
        same = {family: record.families[family] for family in plain[track_id].families}
        assert same == plain[track_id].families
        assert record.batch == "with-ear"

    fresh, _ = extract(music, (), ear)
    assert {one: record.families[Family.LEARNED] for one, record in fresh.items()} == {
        one: record.families[Family.LEARNED] for one, record in heard.items()
    }

    again, summary = extract(music, heard.values(), ear)
    assert (again, summary.skipped) == ({}, 2)
    without, summary = extract(music, heard.values())
    assert (without, summary.skipped) == ({}, 2)


def test_a_new_copy_of_an_analysed_track_is_heard_only(music: Path, tmp_path: Path) -> None:
    plain, _ = extract(music)
    (music / "copy.ogg").write_bytes((music / "one.ogg").read_bytes())
    heard, summary = extract(music, plain.values(), ear_file(tmp_path))
    assert summary.extracted == 3
    assert heard["copy"].path == "copy.ogg"
    assert heard["copy"].families == heard["one"].families
