"""A file of an audio folder can be opened, and nothing else can: whatever names, links and other processes do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue_api.adapters import media_files
from segue_api.adapters.media_files import MountedFiles
from segue_api.ports import NotThereError

SECRET = b"nobody's business"


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A volume with an audio folder, and secrets around both."""
    volume = tmp_path / "volume"
    (volume / "audio" / "album").mkdir(parents=True)
    (volume / "audio" / "album" / "a.mp3").write_bytes(b"music")
    (volume / "secret.mp3").write_bytes(SECRET)
    (tmp_path / "secret.mp3").write_bytes(SECRET)
    return volume


def content(volume: Path, path: bytes, folder: str = "audio") -> bytes:
    file = MountedFiles().open(volume, folder, path)
    try:
        return file.read(0, 1000)
    finally:
        file.close()


def test_a_file_is_opened(volume: Path) -> None:
    assert content(volume, b"album/a.mp3") == b"music"
    assert content(volume, b"audio/album/a.mp3", ".") == b"music"
    (volume / "audio" / os.fsdecode(b"caf\xe9\n.mp3")).write_bytes(b"odd")
    assert content(volume, b"caf\xe9\n.mp3") == b"odd"


def test_links_within_the_folder_are_followed(volume: Path) -> None:
    (volume / "audio" / "b.mp3").symlink_to("album/a.mp3")
    (volume / "audio" / "same").symlink_to("album")
    assert content(volume, b"b.mp3") == content(volume, b"same/a.mp3") == b"music"


@pytest.mark.parametrize(
    "path",
    [
        b"../secret.mp3", b"album/../../secret.mp3", b"/etc/hostname", b"//etc/hostname", b"..", b".", b"",
        b"album", b"none.mp3", b"a\0.mp3", b"album/a.mp3\0", b"album/a.mp3/..", b"x" * 300,
        b"x/" * 3000, b"\xff\xfe",
    ],
)  # fmt: skip
def test_no_path_leads_out(volume: Path, path: bytes) -> None:
    with pytest.raises(NotThereError):
        content(volume, path)


@pytest.mark.parametrize("folder", ["..", "/", "/etc", "audio/../..", "a\0b", "none"])
def test_no_folder_leads_out(volume: Path, folder: str) -> None:
    with pytest.raises(NotThereError):
        content(volume, b"secret.mp3", folder)


@pytest.mark.parametrize("target", ["../secret.mp3", "../../secret.mp3", "/etc/hostname", "loop.mp3", "nowhere"])
def test_no_link_leads_out(volume: Path, target: str) -> None:
    (volume / "audio" / "loop.mp3").symlink_to(target)
    (volume / "audio" / "up").symlink_to("..")
    for path in (b"loop.mp3", b"up/secret.mp3", b"up/audio/loop.mp3"):
        with pytest.raises(NotThereError):
            content(volume, path)


def test_a_link_to_the_audio_folder_itself_may_not_lead_out(volume: Path) -> None:
    (volume / "linked").symlink_to("..")
    with pytest.raises(NotThereError):
        content(volume, b"secret.mp3", "linked")


def test_pipes_and_devices_are_not_opened(volume: Path) -> None:
    os.mkfifo(volume / "audio" / "pipe.mp3")
    with pytest.raises(NotThereError):
        content(volume, b"pipe.mp3")


@pytest.mark.parametrize("swapped", ["album", "album/a.mp3"])
def test_a_link_that_is_put_there_meanwhile_is_not_followed(
    volume: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    """After the path is resolved, and before it is opened."""
    checked = media_files._open

    def swap(base: Path, path: Path) -> object:
        there = volume / "audio" / swapped
        there.rename(volume / "moved")
        there.symlink_to(volume if swapped == "album" else volume / "secret.mp3")
        (volume / "a.mp3").write_bytes(SECRET)
        return checked(base, path)

    monkeypatch.setattr(media_files, "_open", swap)
    with pytest.raises(NotThereError):
        content(volume, b"album/a.mp3")


def test_no_descriptor_stays_open(volume: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for path in (b"album/a.mp3", b"none.mp3", b"album", b"../secret.mp3"):
        try:
            content(volume, path)
        except NotThereError:
            continue
    assert len(os.listdir("/proc/self/fd")) == before
