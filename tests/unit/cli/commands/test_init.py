"""Manifests for a folder of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.__main__ import main
from segue.commands.init import cluster_counts
from segue_core.contract import SourceArguments
from segue_jobs.listing.batch_source import list_source
from segue_operator.kinds.manifests import load_manifests, validate
from segue_operator.kinds.trackbatch import TrackBatch


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "My Music: #1"
    (folder / "album").mkdir(parents=True)
    for name in ("one.mp3", "album/two.FLAC", "album/cover.jpg"):
        (folder / name).write_bytes(b"x")
    return folder


def test_the_manifests_are_valid_and_name_the_folder(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(music), "--catalogue", "mine", "--output", str(tmp_path / "out")]) == 0
    batch, run = (validate(manifest) for manifest in load_manifests(tmp_path / "out"))
    assert isinstance(batch, TrackBatch)
    assert batch.spec.source.volume.host_path is not None
    assert batch.spec.source.volume.host_path.path == str(music)
    assert run.spec.catalogue == "mine"
    shown = capsys.readouterr()
    assert "2 audio files" in shown.out
    assert "a few dozen tracks" in shown.err
    assert f"segue apply -f {tmp_path / 'out'}" in shown.out


def test_what_is_there_is_kept_unless_forced(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["init", str(music), "--catalogue", "mine", "--output", str(tmp_path)]
    (tmp_path / "trackbatch.yaml").write_text("precious")
    assert main(command) == 2
    assert (tmp_path / "trackbatch.yaml").read_text() == "precious"
    assert "--force" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0
    assert "TrackBatch" in (tmp_path / "trackbatch.yaml").read_text()


@pytest.mark.parametrize(
    ("folder", "catalogue", "said"),
    [
        ("music", "My Music", "is not a valid name of a catalogue"),
        ("empty", "mine", "no audio files"),
        ("no", "mine", "no folder|not a folder"),
    ],
)
def test_a_mistake_is_explained(
    music: Path, tmp_path: Path, folder: str, catalogue: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    path = music if folder == "music" else tmp_path / folder
    assert main(["init", str(path), "--catalogue", catalogue, "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert any(words in error for words in said.split("|"))
    assert not (tmp_path / "out").exists()


def test_it_counts_what_a_batch_will_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    music = tmp_path / "music"
    (music / "#recycle").mkdir(parents=True)
    for name in ("a.m4a", "a.MP3", "b.mp3", "._b.mp3", ".c.mp3", "#recycle/d.mp3", "cover.jpg", "...e.ogg"):
        (music / name).write_bytes(b"x")
    assert main(["init", str(music), "--catalogue", "mine", "--output", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        f"in {music}:",
        "  4 audio files: 2 .mp3, 1 .m4a, 1 .ogg",
        "  3 tracks, because some files are of the same track",
        "  passed over: 1 AppleDouble, 1 Hidden, 1 NotAudio, 1 SystemFolder",
    ]
    listing = list_source(SourceArguments(catalogue="c", batch="b", batch_uid="u", audio_root=str(music)))
    assert len(listing.tracks) == 3


@given(st.integers(1, 1_000_000))
def test_clusters_to_try_fit_the_catalogue(tracks: int) -> None:
    counts = cluster_counts(tracks)
    assert counts == sorted(set(counts))
    assert counts[0] >= 2
    assert counts == [2] or counts[-1] * 10 <= tracks
