"""A file made of nothing but small parts ends soon: it is refused, or hashed as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_core.contract import Engine, Reason, WindowPosition
from segue_jobs.extract import payload, structure
from segue_jobs.extract.analyse import Method, Request, analyse_file
from segue_jobs.extract.audio_source import RejectedError
from segue_jobs.extract.decode import Window
from segue_jobs.extract.payload import payload_sha256
from segue_jobs.extract.structure import check_structure
from segue_jobs.listing.listed_tracks import Problem
from support.audio import write_tune

HEADS = {
    "RIFF": b"RIFF\xf0\xff\xff\x7fWAVE",
    "RF64": b"RF64\xff\xff\xff\xffWAVE",
    "RIFX": b"RIFX\x7f\xff\xff\xf0WAVE",
    "AIFF": b"FORM\x7f\xff\xff\xf0AIFF",
    "CAF": b"caff\0\x01\0\0",
    "W64": b"riff" + bytes(36),
}


def sparse(path: Path, head: bytes, size: int = 2047 << 20) -> Path:
    """Two gigabytes of empty chunks; it takes a few kilobytes of the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


@pytest.mark.parametrize("kind", HEADS)
def test_a_container_of_empty_chunks_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RejectedError, match="more than 10,000 chunks"):
        check_structure(sparse(tmp_path / "a", HEADS[kind]))


def test_an_analysis_refuses_it_before_it_reads_on(tmp_path: Path) -> None:
    method = Method(Engine.NATIVE, Window(WindowPosition.MIDDLE, 30.0, 5.0), 4 << 30)
    result = analyse_file(Request("1", sparse(tmp_path / "a.wav", HEADS["RIFF"]), method))
    assert isinstance(result, Problem)
    assert result.reason is Reason.DECODE_ERROR


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.ogg", "a.mp3"])
def test_real_files_pass(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MAXIMUM_CHUNKS", 5)
    check_structure(write_tune(tmp_path / name, 3.0, 44_100))


@pytest.mark.parametrize(
    "content",
    [
        b"fLaC" + b"\x01\0\0\0" * 50,
        (b"OggS" + bytes(22) + b"\0") * 50,
        b"ID3\x04\0\0\0\0\0\0" * 50 + b"audio",
        b"audio" + (b"TAG" + bytes(125)) * 50,
    ],
    ids=["blocks", "pages", "leading tags", "trailing tags"],
)
def test_a_hash_gives_up_looking_for_parts(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    looks: list[int] = []
    at = payload._at

    def counted(file: object, offset: int, length: int) -> bytes:
        looks.append(offset)
        return at(file, offset, length)  # type: ignore[arg-type]

    monkeypatch.setattr(payload, "_at", counted)
    monkeypatch.setattr(payload, "_MAXIMUM_PARTS", 10)
    monkeypatch.setattr(payload, "_MAXIMUM_TAGS", 10)
    assert len(payload_sha256(path)) == 64
    assert len(looks) < 50
