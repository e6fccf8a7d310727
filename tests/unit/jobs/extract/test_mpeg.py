"""What an MPEG file's own header and its last bytes say about its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_jobs.extract.mpeg import looks_whole
from segue_jobs.extract.payload import untagged_range
from support.audio import write_tune


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_tune(tmp_path_factory.mktemp("mpeg") / "a.mp3", 20.0).read_bytes()


def looks(tmp_path: Path, content: bytes) -> bool:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    return looks_whole(path, *untagged_range(path))


def test_a_whole_file_is_whole_with_and_without_tags(tmp_path: Path, whole: bytes) -> None:
    assert looks(tmp_path, whole)
    assert looks(tmp_path, b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256) + whole + b"TAG" + bytes(125))


def test_a_tag_does_not_stand_in_for_missing_audio(tmp_path: Path, whole: bytes) -> None:
    picture = b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + bytes(0x1FFFFF)
    assert not looks(tmp_path, picture + whole[: len(whole) // 2])


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_file_that_lacks_bytes_is_not(tmp_path: Path, whole: bytes, share: float) -> None:
    assert not looks(tmp_path, whole[: int(share * len(whole))])


def test_a_download_that_was_given_its_size_is_not(tmp_path: Path, whole: bytes) -> None:
    half = len(whole) // 2
    assert not looks(tmp_path, whole[:half] + bytes(len(whole) - half))


def test_a_stream_that_counts_nothing_has_the_length_of_its_bytes(tmp_path: Path, whole: bytes) -> None:
    place = min(place for name in (b"Xing", b"Info") if (place := whole.find(name)) >= 0)
    unnamed = whole[:place] + b"Song" + whole[place + 4 :]
    assert looks(tmp_path, unnamed[: len(whole) // 2])
    uncounted = whole[: place + 4] + bytes(4) + whole[place + 8 :]
    assert looks(tmp_path, uncounted[: len(whole) // 2])
