"""``segue models fetch`` says where the network is, and what it refuses; it keeps what is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.__main__ import main
from segue_jobs.learned import fetch as fetching
from segue_jobs.learned.published import find_ear
from support.ears import tiny_network, write_ear


def put_published(folder: Path) -> Path:
    """A network under the published one's name."""
    write_ear(folder, tiny_network()).rename(folder / "musicnn-msd.json")
    return folder / "tiny.onnx"


def test_a_network_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_MODELS", str(tmp_path))
    network = put_published(tmp_path)
    assert main(["models", "fetch"]) == 0
    assert capsys.readouterr().out == f"{network}\n"


def test_a_damaged_network_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_MODELS", str(tmp_path))
    put_published(tmp_path).write_bytes(b"damaged")
    monkeypatch.setattr(fetching.sys, "executable", "/bin/false")  # stands for pip without a network
    assert main(["models", "fetch"]) == 1
    assert "pip could not fetch musicnn 0.1.0: it left no file; fetch musicnn-0.1.0-py3" in capsys.readouterr().err
    assert find_ear("musicnn-msd", None, tmp_path).network.read_bytes() == b"damaged"


def test_another_file_than_the_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_MODELS", str(tmp_path / "models"))
    (tmp_path / "other.whl").write_bytes(b"other")
    assert main(["models", "fetch", "--wheel", str(tmp_path / "other.whl")]) == 1
    assert "it is another file" in capsys.readouterr().err
    assert main(["models", "fetch", "--wheel", str(tmp_path / "absent.whl")]) == 1
    assert "cannot read" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()
