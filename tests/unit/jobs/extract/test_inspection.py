"""What a record says of its file opens it again; a second batch fills in what an older one left out."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import mutagen
import pytest

from segue_core.contract import ExtractArguments
from segue_core.store.facts import Cover, FileFacts, MusicBrainzIds, Root
from segue_core.store.records import Metadata
from segue_jobs.extract.inspection import Inspection, track_file, with_numbers
from support.audio import write_tune
from support.shard import extract_shard

RECORDING = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
COVER = b"\xff\xd8\xff" + bytes(100)


def batch(root: Path, **more: object) -> ExtractArguments:
    return ExtractArguments(
        catalogue="c", batch="b", batch_uid="u", audio_root=str(root), volume="hostPath/srv/music", folder="audio",
        **more,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
def music(tmp_path: Path) -> Path:
    root = tmp_path / "music"
    for seed, name in enumerate(("album/one.ogg", "caf\udce9\n.flac")):
        path = write_tune(root / name, 3.0, seed=seed + 1)
        file = mutagen.File(os.fsencode(path))
        file.update({"title": f"Title {seed}", "tracknumber": str(seed + 1), "musicbrainz_trackid": RECORDING})
        file.save()
        os.utime(os.fsencode(path), (time.time() - 3600,) * 2)  # what was just written may change once more
    (root / "album" / "cover.jpg").write_bytes(COVER)
    return root


def test_a_record_says_what_opens_its_file_again(music: Path) -> None:
    records = extract_shard(batch(music))[0].tracks
    assert sorted(records) == ["album/one", r"caf\xe9"]
    for record in records.values():
        assert record.file is not None
        assert (music / os.fsdecode(record.file.path)).stat().st_size == record.file.size
        assert record.file.root == Root(volume="hostPath/srv/music", folder="audio")
        assert record.metadata.music_brainz == MusicBrainzIds(recording=RECORDING)
    one = records["album/one"]
    assert one.file is not None
    assert (one.file.suffix, one.file.cover) == ("ogg", Cover(media_type="image/jpeg", name=b"cover.jpg"))
    assert one.file.bit_rate_kbps == pytest.approx(one.file.size * 8 / 3.0 / 1000, rel=0.3)
    assert one.added is not None
    assert abs((datetime.now(UTC) - one.added).total_seconds()) < 120


def test_a_second_batch_fills_in_what_was_not_recorded_without_analysing(music: Path) -> None:
    first = extract_shard(batch(music))[0].tracks
    older = [
        msgspec.structs.replace(
            record, file=None, added=None, metadata=Metadata(title=record.metadata.title),
            descriptors={"tempoBpm": 77.0, "key": "planted"},
        )
        for record in first.values()
    ]  # fmt: skip
    sent, summary = extract_shard(batch(music), older, time=datetime(2025, 5, 6, tzinfo=UTC))
    second = sent.tracks
    assert len(second) == 2
    assert (summary.listed, summary.extracted, summary.skipped) == (2, 0, 2)
    for track_id, record in second.items():
        assert record.descriptors == {"tempoBpm": 77.0, "key": "planted"}
        assert (record.file, record.metadata) == (first[track_id].file, first[track_id].metadata)
        assert record.recipe == first[track_id].recipe
        assert record.added == datetime(2025, 5, 6, tzinfo=UTC)
    assert extract_shard(batch(music), second.values())[0] == []


def test_names_come_from_the_row_and_numbers_from_the_tags_if_the_row_has_none(music: Path, tmp_path: Path) -> None:
    csv = tmp_path / "tracks.csv"
    csv.write_text("path,artist,track_number,album_artist\nalbum/one.ogg,Row,,Band\n")
    found = extract_shard(batch(music, metadata_path=str(csv)))[0].tracks["album/one"].metadata
    assert (found.title, found.artist, found.album_artist, found.track_number) == (None, "Row", "Band", 1)
    assert found.music_brainz == MusicBrainzIds(recording=RECORDING)
    row = Metadata(track_number=9, isrcs=("DEA123456789",))
    assert with_numbers(row, Metadata(track_number=1, disc_number=2, title="T")) == Metadata(
        track_number=9, disc_number=2, isrcs=("DEA123456789",)
    )


def test_a_broken_header_gives_no_impossible_bit_rate() -> None:
    inspection = Inspection(bytes=1 << 40, payload_bytes=1 << 40, tags=Metadata(), cover=None)
    for seconds in (0.0, 1e-9):
        file = track_file("a/b." + "x" * 300, inspection, seconds, None)
        decoded = msgspec.json.decode(msgspec.json.encode(file), type=FileFacts)
        assert decoded == file
