"""The walk finds every file once, whatever stands in its way."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue_jobs.contract import Reason, Stage
from segue_jobs.listing.audio_files import find_audio
from segue_jobs.runtime.program import ConfigurationError


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def paths(root: Path) -> list[str]:
    return [file.path for file in find_audio(root)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an unprivileged user reaches; the test goes on as one, for root reads everything."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    is_root = os.geteuid() == 0
    yield path
    if is_root and os.geteuid() != 0:
        os.seteuid(0)
    (path / "closed").chmod(0o755)
    shutil.rmtree(path)


def give_up_privileges() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_nested_and_flat_files_in_order(tmp_path: Path) -> None:
    make(tmp_path, "b.mp3", "000/000002.mp3", "a/B/c.FLAC", "d.m4p")
    assert paths(tmp_path) == ["000/000002.mp3", "a/B/c.FLAC", "b.mp3", "d.m4p"]


def test_what_is_no_audio_or_hidden_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "README.txt", "checksums", "copyright", "cover.jpg", ".a.mp3", "._b.mp3", ".git/c.mp3", "d.mp3")
    assert paths(tmp_path) == ["d.mp3"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    make(tmp_path, "a/b.mp3")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert paths(tmp_path) == ["a/b.mp3"]


def test_a_link_to_a_file_is_a_file_and_a_broken_one_is_unreadable(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3")
    (tmp_path / "b.mp3").symlink_to(tmp_path / "a.mp3")
    (tmp_path / "c.mp3").symlink_to(tmp_path / "gone.mp3")
    found = {file.path: file.problem and file.problem.reason for file in find_audio(tmp_path)}
    assert found == {"a.mp3": None, "b.mp3": None, "c.mp3": Reason.UNREADABLE}


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp3")
    [file] = find_audio(tmp_path)
    assert file.problem
    assert file.problem.reason is Reason.UNREADABLE


def test_an_unreadable_folder_is_listed_itself(folder: Path) -> None:
    make(folder, "closed/a.mp3", "open/b.mp3")
    (folder / "closed").chmod(0)
    give_up_privileges()
    found = {file.path: file.problem for file in find_audio(folder)}
    assert set(found) == {"closed/", "open/b.mp3"}
    problem = found["closed/"]
    assert problem
    assert (problem.stage, problem.reason) == (Stage.LIST, Reason.UNREADABLE)
    assert "Permission denied" in problem.message


def test_an_unreadable_root_is_a_configuration_error(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0)
    give_up_privileges()
    with pytest.raises(ConfigurationError, match=r"closed cannot be read \(Permission denied\)"):
        find_audio(folder / "closed")


def test_a_name_that_is_no_text_is_found(tmp_path: Path) -> None:
    make(tmp_path, "caf\udce9.mp3")
    assert paths(tmp_path) == ["caf\udce9.mp3"]


def test_a_missing_root_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"music does not exist: check spec\.source\.audioPath"):
        find_audio(tmp_path / "music")


def test_a_file_is_no_root(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3")
    with pytest.raises(ConfigurationError, match="is a file: name the folder"):
        find_audio(tmp_path / "a.mp3")


def test_an_empty_folder_is_empty(tmp_path: Path) -> None:
    assert find_audio(tmp_path) == []
