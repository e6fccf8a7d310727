"""The scripts that bring the demo its music."""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from segue.commands import demo_music
from support.audio import write_tune
from support.examples import load


@pytest.fixture
def fetch_music(repository: Path) -> ModuleType:
    return load(repository, "fetch_music")


@pytest.fixture
def debian_music(repository: Path) -> ModuleType:
    return load(repository, "debian_music")


@pytest.fixture
def synthesise_music(repository: Path) -> ModuleType:
    return load(repository, "synthesise_music")


@pytest.mark.parametrize(
    ("stem", "title"),
    [("here_comes_a_toy", "Here Comes A Toy"), ("track6", "Track 6"), ("K.Quita", "K.Quita"), ("forest-1", "Forest 1")],
)
def test_a_file_name_becomes_a_title(fetch_music: ModuleType, stem: str, title: str) -> None:
    assert fetch_music.heading(stem) == title


def test_names_inside_an_archive_lead_nowhere_else(debian_music: ModuleType, tmp_path: Path) -> None:
    root, scratch = tmp_path / "root", tmp_path / "scratch"
    root.mkdir()
    scratch.mkdir()
    with zipfile.ZipFile(root / "game.love", "w") as archive:
        archive.writestr("../../evil.ogg", b"x")
        archive.writestr("code.lua", b"x")
    (root / "link.ogg").symlink_to("/etc/passwd")
    assert list(debian_music.audio_files(root, scratch)) == [scratch / "evil.ogg"]
    assert not (tmp_path.parent / "evil.ogg").exists()


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not on this system")
def test_a_package_becomes_tracks_with_its_licence(
    debian_music: ModuleType, fetch_music: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    (source / "DEBIAN").mkdir(parents=True)
    (source / "DEBIAN" / "control").write_text(
        "Package: mrrescue\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: music\n"
    )
    sounds, licence = source / "usr/share/sounds", source / "usr/share/doc/mrrescue"
    sounds.mkdir(parents=True)
    licence.mkdir(parents=True)
    (licence / "copyright").write_text("Files: *\nLicense: CC0-1.0\n")
    write_tune(sounds / "Long One.wav", seconds=31)
    write_tune(sounds / "beep.wav", seconds=1)
    write_tune(sounds / "beep2.wav", seconds=1)

    def built(package: str, directory: Path) -> Path:
        target = directory / f"{package}_1_all.deb"
        subprocess.run(["dpkg-deb", "-b", str(source), str(target)], check=True, capture_output=True)
        return target

    monkeypatch.setattr(debian_music, "download", built)
    monkeypatch.chdir(tmp_path)
    music = Path("music")
    music.mkdir()
    assert debian_music.fetch("mrrescue", music) == debian_music.Fetched("mrrescue", 1, is_new=True)
    names = sorted(path.name for path in (music / "mrrescue").iterdir())
    assert names == ["copyright", "mrrescue-effect-beep.wav", "mrrescue-long-one.wav"]
    assert fetch_music.licences(music / "mrrescue" / "copyright") == "CC0-1.0"
    assert debian_music.fetch("mrrescue", music).is_new is False
    row = fetch_music.describe(music / "mrrescue" / "mrrescue-long-one.wav", music)
    assert row["title"] == "Long One"
    assert row["path"] == "mrrescue/mrrescue-long-one.wav"


def test_a_failed_download_leaves_no_half_package(
    debian_music: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_package: str, directory: Path) -> Path:
        (directory / "x.deb").write_bytes(b"half")
        return directory / "x.deb"

    monkeypatch.setattr(debian_music, "download", broken)
    with pytest.raises((debian_music.PackageError, OSError)):
        debian_music.fetch("mrrescue", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_synthesised_music_is_the_same_every_time() -> None:
    for style in demo_music.STYLES:
        first, again, other = (demo_music.compose(style, 0, number, 3.0) for number in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        assert 0.5 < np.abs(first).max() <= 0.8 + 1e-9


def test_the_table_names_the_files(synthesise_music: ModuleType, tmp_path: Path) -> None:
    assert synthesise_music.main([str(tmp_path), "--seconds", "1"]) == 0
    with (tmp_path / "tracks.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    missing = [row["id"] for row in rows if not (tmp_path / "music" / row["path"]).is_file()]
    assert missing == ["odd-lost-tape"]
    assert len({row["id"] for row in rows}) == len(rows) == 63
