"""The walk finds every file once, whatever obstacles there are."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue_core.contract import Reason, Stage
from segue_core.errors import ConfigurationError
from segue_jobs.listing import audio_files
from segue_jobs.listing.audio_files import find_audio
from segue_jobs.listing.passed_over import PassedOverKind


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def paths(root: Path) -> list[str]:
    return [file.path for file in find_audio(root).files]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for an unprivileged user; the test continues as that user, because root can read everything."""
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


def passed_over(root: Path) -> dict[str, PassedOverKind]:
    return {entry.path: entry.kind for entry in find_audio(root).passed_over}


def test_what_is_nobodys_music_is_passed_over_and_counted(tmp_path: Path) -> None:
    make(tmp_path, "README.txt", "checksums", "cover.JPG", ".a.mp3", "._b.mp3", "._cover.jpg", ".git/c.mp3", "d.mp3")
    make(tmp_path, "#recycle/e.mp3", "x/@eaDir/f.mp3", "$RECYCLE.BIN/g.mp3", "lost+found/h.mp3", ".Trash-1000/i.mp3")
    folder = find_audio(tmp_path)
    assert [file.path for file in folder.files] == ["d.mp3"]
    assert passed_over(tmp_path) == {
        ".a.mp3": PassedOverKind.HIDDEN,
        "._b.mp3": PassedOverKind.APPLE_DOUBLE,
        ".git/": PassedOverKind.HIDDEN,
        ".Trash-1000/": PassedOverKind.HIDDEN,
        "#recycle/": PassedOverKind.SYSTEM_FOLDER,
        "x/@eaDir/": PassedOverKind.SYSTEM_FOLDER,
        "$RECYCLE.BIN/": PassedOverKind.SYSTEM_FOLDER,
        "lost+found/": PassedOverKind.SYSTEM_FOLDER,
    }
    assert folder.counts() == {"AppleDouble": 1, "Hidden": 3, "SystemFolder": 4, "NotAudio": 4}
    assert folder.not_audio == {".txt": 1, "": 1, ".jpg": 2}


def test_titles_that_begin_with_dots_are_listed(tmp_path: Path) -> None:
    names = [
        "...Baby One More Time.mp3",
        "...And Justice for All/One.mp3",
        "..wav",
        "..\u2215evil.wav",
        "Recycler/a.mp3",
    ]
    make(tmp_path, *names)
    assert sorted(paths(tmp_path)) == sorted(names)


def test_a_link_to_a_parent_is_passed_over_by_name(tmp_path: Path) -> None:
    make(tmp_path, "music/a/b.mp3", "other/c.mp3")
    (tmp_path / "music" / "a" / "again").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "up").symlink_to(tmp_path)
    (tmp_path / "music" / "itself").symlink_to("itself")
    assert paths(tmp_path / "music") == ["a/b.mp3"]
    assert passed_over(tmp_path / "music") == {
        "a/again/": PassedOverKind.LINKED_TWICE,
        "up/": PassedOverKind.LINKED_TWICE,
        "itself": PassedOverKind.DEAD_LINK,
    }


def test_a_linked_folder_is_listed_once_and_under_its_own_path_if_it_has_one(tmp_path: Path) -> None:
    make(tmp_path, "music/z/1.mp3", "elsewhere/2.mp3", "elsewhere/deep/3.mp3")
    for link, target in (("a", "music/z"), ("y", "elsewhere"), ("x", "elsewhere")):
        (tmp_path / "music" / link).symlink_to(tmp_path / target)
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "music")
    assert paths(tmp_path / "music") == ["x/2.mp3", "x/deep/3.mp3", "z/1.mp3"]
    assert set(passed_over(tmp_path / "music")) == {"a/", "y/", "x/back/"}


def test_a_linked_folder_of_nobodys_music_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "bin/1.mp3")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "#recycle").symlink_to(tmp_path / "bin")
    (tmp_path / "music" / "gone").symlink_to(tmp_path / "nowhere")
    assert paths(tmp_path / "music") == []
    assert passed_over(tmp_path / "music") == {
        "#recycle/": PassedOverKind.SYSTEM_FOLDER,
        "gone": PassedOverKind.DEAD_LINK,
    }


def test_a_link_to_a_file_outside_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "outside.mp3", "music/a.mp3")
    (tmp_path / "music" / "b.mp3").symlink_to(tmp_path / "outside.mp3")
    assert paths(tmp_path / "music") == ["a.mp3", "b.mp3"]


def test_a_dead_link_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").symlink_to("/disk/a.mp3")
    [file] = find_audio(tmp_path).files
    assert file.problem
    assert file.problem.message.startswith("this is a dead link to /disk/a.mp3 (No such file or directory): ")


def test_a_walk_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "1.mp3", "a/2.mp3", "a/b/3.mp3", "a/b/c/4.mp3")
    monkeypatch.setattr(audio_files, "MAXIMUM_DEPTH", 2)
    found = {file.path: file.problem and file.problem.message for file in find_audio(tmp_path).files}
    assert set(found) == {"1.mp3", "a/2.mp3", "a/b/3.mp3", "a/b/c/"}
    assert "more than 2 folders deep" in (found["a/b/c/"] or "")
    monkeypatch.setattr(audio_files, "MAXIMUM_ENTRIES", 3)
    with pytest.raises(ConfigurationError, match=r"has more than 3 entries, .*: name the folder with the music"):
        find_audio(tmp_path)


def test_a_link_to_a_file_is_a_file_and_a_broken_one_is_unreadable(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3")
    (tmp_path / "b.mp3").symlink_to(tmp_path / "a.mp3")
    (tmp_path / "c.mp3").symlink_to(tmp_path / "gone.mp3")
    found = {file.path: file.problem and file.problem.reason for file in find_audio(tmp_path).files}
    assert found == {"a.mp3": None, "b.mp3": None, "c.mp3": Reason.UNREADABLE}


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp3")
    [file] = find_audio(tmp_path).files
    assert file.problem
    assert file.problem.reason is Reason.UNREADABLE


def test_an_unreadable_folder_is_listed_itself(folder: Path) -> None:
    make(folder, "closed/a.mp3", "open/b.mp3")
    (folder / "closed").chmod(0)
    give_up_privileges()
    found = {file.path: file.problem for file in find_audio(folder).files}
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


def test_a_name_that_is_not_text_is_found(tmp_path: Path) -> None:
    make(tmp_path, "caf\udce9.mp3")
    assert paths(tmp_path) == ["caf\udce9.mp3"]


def test_a_missing_root_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"music does not exist: check spec\.source\.audioPath"):
        find_audio(tmp_path / "music")


def test_a_file_cannot_be_the_audio_root(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3")
    with pytest.raises(ConfigurationError, match="is a file: name the folder"):
        find_audio(tmp_path / "a.mp3")


def test_an_empty_folder_is_empty(tmp_path: Path) -> None:
    assert find_audio(tmp_path).files == []
