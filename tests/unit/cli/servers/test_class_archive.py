"""The archive of Spark's classes: written once, used when it is whole, and never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue.servers import class_archive
from segue.servers.class_archive import archive_options

WRITES, USES = "-XX:ArchiveClassesAtExit=", "-XX:SharedArchiveFile="


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "a.jar"
    path.write_bytes(b"classes")
    return path


def path_of(options: list[str]) -> Path:
    return Path(options[0].partition("=")[2])


def test_the_first_run_writes_an_archive_and_the_next_ones_use_it(tmp_path: Path, jar: Path) -> None:
    first = archive_options(tmp_path / "kept", "spark", [jar], ["-Xmx1g"])
    assert first[0].startswith(WRITES)
    path_of(first).write_bytes(b"\xa8\x0b\xba\xf0 and the rest")
    for _ in range(2):
        used = archive_options(tmp_path / "kept", "spark", [jar], ["-Xmx1g"])
        assert used[0].startswith(USES)
        assert path_of(used).read_bytes().endswith(b"rest")


def test_other_jars_or_options_need_another_archive(tmp_path: Path, jar: Path) -> None:
    def name() -> str:
        return path_of(archive_options(tmp_path / "kept", "spark", [jar], ["-Xmx1g"])).name.partition(".")[0]

    before = name()
    assert name() == before
    assert path_of(archive_options(tmp_path / "kept", "spark", [jar], ["-Xmx2g"])).name.partition(".")[0] != before
    jar.write_bytes(b"other classes")
    assert name() != before


def test_an_archive_that_could_not_be_finished_is_not_used_and_not_tried_again_at_once(
    tmp_path: Path, jar: Path
) -> None:
    partial = path_of(archive_options(tmp_path / "kept", "spark", [jar], []))
    partial.write_bytes(bytes(4096))
    assert archive_options(tmp_path / "kept", "spark", [jar], []) == []
    os.utime(partial, (0, 0))
    assert archive_options(tmp_path / "kept", "spark", [jar], [])[0].startswith(WRITES)
    assert not partial.exists()


def test_without_room_or_a_folder_there_is_no_archive(
    tmp_path: Path, jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive_options(jar / "kept", "spark", [jar], []) == []
    assert archive_options(tmp_path / "kept", "spark", [tmp_path / "gone.jar"], []) == []
    monkeypatch.setattr(class_archive, "free_bytes", lambda folder: 1 << 20)
    assert archive_options(tmp_path / "kept", "spark", [jar], []) == []


def test_old_archives_go(tmp_path: Path, jar: Path) -> None:
    for size in range(6):
        jar.write_bytes(b"x" * size)
        partial = path_of(archive_options(tmp_path / "kept", "spark", [jar], []))
        partial.write_bytes(b"archive")
        os.utime(partial, (size, size))
        archive_options(tmp_path / "kept", "spark", [jar], [])
    assert len(list((tmp_path / "kept").glob("*.jsa"))) == 3
