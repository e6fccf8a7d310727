"""The example's folder of 60 files in 20 formats is ingested, with the two rejections that deserve it."""

from __future__ import annotations

from pathlib import Path

from segue_core.contract import ExtractArguments, MetadataFormat
from support.encoded import REPOSITORY
from support.examples import load
from support.shard import extract_shard


def test_a_folder_as_people_have_them(tmp_path: Path) -> None:
    assert load(REPOSITORY, "make_collection").main([str(tmp_path / "music"), "--seconds", "3"]) == 0
    sent, summary = extract_shard(
        ExtractArguments(
            catalogue="c", batch="b", batch_uid="u", audio_root=str(tmp_path / "music"),
            metadata_format=MetadataFormat.TAGS,
        )
    )  # fmt: skip
    assert (summary.listed, summary.extracted, summary.rejected) == (60, 58, 2)
    assert summary.rejected_by_reason == {"DurationMismatch": 1, "UnsupportedFormat": 1}
    assert len({record.path.partition(".")[2] for record in sent.tracks.values()}) >= 20
    tagged = [record for record in sent.tracks.values() if record.metadata.title]
    assert {record.file.suffix for record in sent.tracks.values()} - {record.file.suffix for record in tagged} == {
        "aac", "ac3", "dff", "dsf", "mp2", "w64"
    }  # fmt: skip
    assert all(record.metadata.year in (2019, None) for record in tagged)
