"""A folder in sync with a catalogue: what is written before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.__main__ import main
from segue.commands.init import check_catalogue_name
from segue.commands.sync import catalogue_name
from segue_operator.kinds.manifests import load_manifests, validate


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of music, and a machine on which nothing can be applied."""
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # no Java here either
    folder = tmp_path / "My Music"
    folder.mkdir()
    (folder / "one.mp3").write_bytes(b"x")
    return folder


@given(st.text())
def test_any_folder_has_a_valid_name_for_its_catalogue(name: str) -> None:
    check_catalogue_name(catalogue_name(Path("/") / name.replace("\0", "")))


@pytest.mark.parametrize(
    ("folder", "name"),
    [("My Music", "my-music"), ("Caf\u00e9 90s", "cafe-90s"), ("\u97f3\u697d", "music"), ("2024", "music")],
)
def test_a_catalogue_is_named_after_its_folder(folder: str, name: str) -> None:
    assert catalogue_name(Path("/m") / folder) == name


def test_the_manifests_are_written_before_anything_starts(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", str(music)]) != 0
    written = tmp_path / "state/manifests/my-music"
    assert [validate(manifest).spec.catalogue for manifest in load_manifests(written)] == ["my-music"] * 2
    assert f"its manifests are in {written}" in capsys.readouterr().out


def test_what_a_person_has_changed_stays(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sync", str(music)])
    path = tmp_path / "state/manifests/my-music/trainingrun.yaml"
    mine = path.read_text().partition("\n")[2].replace("seed: 1", "seed: 7")
    path.write_text(mine)
    main(["sync", str(music)])
    assert path.read_text() == mine
    assert "was changed by hand" in capsys.readouterr().err


def test_a_catalogue_has_one_folder(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sync", str(music), "--catalogue", "mine"])
    other = tmp_path / "other"
    other.mkdir()
    (other / "two.mp3").write_bytes(b"x")
    assert main(["sync", str(other), "--catalogue", "mine"]) == 2
    assert f"'mine' is already in sync with {music}" in capsys.readouterr().err
