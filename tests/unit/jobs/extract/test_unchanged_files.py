"""A second batch reads the file system's account of a file, and the file only where that changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import mutagen
import pytest

from segue_core.contract import ExtractArguments
from segue_core.errors import OutageError
from segue_core.store.records import TrackRecord
from segue_jobs.extract import identify
from segue_jobs.extract.file_stamp import lasting_stamp, stamp_of
from support.audio import write_tune
from support.shard import extract_shard

COVER = b"\xff\xd8\xff" + bytes(100)


def batch(root: Path, **more: object) -> ExtractArguments:
    return ExtractArguments(catalogue="c", batch="b", batch_uid="u", audio_root=str(root), **more)  # type: ignore[arg-type]


def age(path: Path, seconds: float = 3600.0) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    root = tmp_path / "music"
    for number in (1, 2, 3):
        path = write_tune(root / f"{number}.flac", 3.0, seed=number)
        file = mutagen.File(path)
        file["title"] = f"Title {number}"
        file.save()
        age(path)
    return root


def stored(music: Path, **more: object) -> list[TrackRecord]:
    sent, summary = extract_shard(batch(music, **more))
    assert (summary.extracted, summary.stored) == (3, 3)
    return list(sent.tracks.values())


def overwrite(path: Path) -> None:
    """Other bytes in the same file, of the same size and with the same time: nobody notices without reading it."""
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_that_is_as_it_was_is_not_read(music: Path) -> None:
    records = stored(music)
    for path in music.iterdir():
        overwrite(path)
    sent, summary = extract_shard(batch(music), records)
    assert not sent
    assert (summary.listed, summary.skipped, summary.stored) == (3, 3, 3)


def test_a_file_that_changed_is_read(music: Path) -> None:
    records = stored(music)
    (music / "1.flac").write_bytes(bytes((music / "1.flac").stat().st_size))
    retagged = mutagen.File(music / "2.flac")
    retagged["title"] = "Another"
    retagged.save()
    replaced = music / "new.tmp"
    replaced.write_bytes((music / "3.flac").read_bytes())
    os.utime(replaced, ns=((music / "3.flac").stat().st_mtime_ns,) * 2)
    replaced.rename(music / "3.flac")  # the same bytes, time and size in another inode
    sent, summary = extract_shard(batch(music), records)
    assert (summary.extracted, summary.skipped, summary.rejected) == (0, 2, 1)
    assert sent.tracks["2"].metadata.title == "Another"
    assert sent.tracks["3"].families == records[2].families
    assert sent.tracks["3"].file != records[2].file


def test_what_can_change_without_the_file_is_noticed(music: Path) -> None:
    records = stored(music)
    (music / "cover.jpg").write_bytes(COVER)
    sent, summary = extract_shard(batch(music), records)
    assert summary.skipped == 3
    assert {record.file.cover.media_type for record in sent.tracks.values()} == {"image/jpeg"}
    csv = music.parent / "tracks.csv"
    csv.write_text("id,title\n" + "".join(f"{number},From the CSV {number}\n" for number in (1, 2, 3)))
    sent, summary = extract_shard(batch(music, metadata_path=str(csv)), records)
    assert summary.skipped == 3
    assert sent.tracks["1"].metadata.title == "From the CSV 1"


def test_another_recipe_reads_every_file(music: Path) -> None:
    records = [msgspec.structs.replace(record, recipe="older") for record in stored(music)]
    assert extract_shard(batch(music), records)[1].extracted == 3


def test_a_moved_file_is_found_by_its_audio(music: Path) -> None:
    records = stored(music)
    (music / "1.flac").rename(music / "moved.flac")
    sent, summary = extract_shard(batch(music), records)
    assert summary.skipped == 3
    assert sent.tracks["1"].path == "moved.flac"


def gone(path: Path) -> str:
    path.unlink()
    raise FileNotFoundError(2, "No such file or directory", str(path))


def test_a_file_that_vanishes_meanwhile_is_no_error(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = stored(music)
    (music / "notes.txt").touch()
    monkeypatch.setattr(identify, "stamp_of", gone)
    summary = extract_shard(batch(music), records)[1]
    assert (summary.skipped, summary.rejected_by_reason) == (0, {"Unreadable": 3})


def test_a_disk_that_vanishes_meanwhile_says_nothing_against_its_files(
    music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = stored(music)
    monkeypatch.setattr(identify, "stamp_of", gone)  # an unplugged disk leaves an empty folder
    with pytest.raises(OutageError, match=r"is empty, and was not when its files were listed"):
        extract_shard(batch(music), records)


def test_a_stamp_lasts_if_no_later_change_can_leave_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    fresh = stamp_of(path)
    assert lasting_stamp(path, fresh) is None
    age(path, 10.0)
    assert lasting_stamp(path, fresh) is None
    assert lasting_stamp(path, stamp_of(path)) == stamp_of(path)
    assert lasting_stamp(tmp_path / "gone", fresh) is None
