"""A description that makes no sense, or a network that is not the described one, gets an error that says so."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from segue_core.errors import ConfigurationError
from segue_jobs.learned.ear import read_ear
from segue_jobs.learned.network import Network
from support.ears import ear, tiny_network, write_ear


def test_a_description_names_everything_that_the_features_depend_on(tmp_path: Path) -> None:
    path = write_ear(tmp_path, licence="CC0-1.0", trainedOn="nothing")
    file = read_ear(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert (file.ear.name, file.ear.patch_samples, file.ear.top_hz) == ("tiny", 31 * 128 + 256, 4000)
    assert file.read_network() == tiny_network()
    assert file.ear.fingerprint() == read_ear(write_ear(tmp_path / "b", name="other", licence="")).ear.fingerprint()
    assert file.ear.fingerprint() != ear(gain=1.0).fingerprint()
    assert ear(hop=64).fingerprint() != ear().fingerprint()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"hop": 257}, "hop (257) must not exceed frame (256)"),
        ({"sampleRate": 48_000}, "<= 22050"),
        ({"mels": 0}, ">= 1"),
        ({"patchFrames": 90_000}, "at most 60 s"),
        ({"highestHz": 4001}, "half of the sample rate"),
        ({"lowestHz": 4000}, "half of the sample rate"),
        ({"network": "../tiny.onnx"}, "must be the name of a file"),
        ({"network": ".."}, "must be the name of a file"),
        ({"tags": []}, "belong together"),
        ({"tagsOutput": None}, "belong together"),
        ({"tags": ["low", "low"]}, "must be different"),
        ({"sha256": "0"}, "sha256"),
        ({"colour": "blue"}, "colour"),
        ({"output": None}, "output"),
        ({"gain": 1e999}, "gain"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    path = write_ear(tmp_path)
    with pytest.raises(ConfigurationError) as error:
        read_ear(write_ear(tmp_path, **changes))
    assert problem in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"[" * 100_000, b'{"name": 1}'])
def test_a_file_that_is_no_description(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ear.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="is not valid"):
        read_ear(path)


def test_another_file_than_the_one_that_was_named(tmp_path: Path) -> None:
    path = write_ear(tmp_path)
    with pytest.raises(ConfigurationError, match="has the SHA-256"):
        read_ear(path, "0" * 64)
    (tmp_path / "tiny.onnx").write_bytes(tiny_network()[:-1])
    with pytest.raises(ConfigurationError, match="fetch it again"):
        read_ear(path).read_network()
    (tmp_path / "tiny.onnx").unlink()
    with pytest.raises(ConfigurationError, match="does not exist"):
        read_ear(path).read_network()


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ear.json")
    with pytest.raises(ConfigurationError, match="is not a file"):
        read_ear(tmp_path / "ear.json")


@pytest.mark.parametrize(
    ("network", "changes", "problem"),
    [
        (b"no network", {}, "is not an ONNX file that onnxruntime can run"),
        (b"", {}, "is not an ONNX file that onnxruntime can run"),
        (tiny_network()[:200], {}, "is not an ONNX file that onnxruntime can run"),
        (tiny_network(), {"output": "penultimate"}, "it has no output 'penultimate', only 'embedding', 'tags'"),
        (tiny_network(), {"patchFrames": 31}, "does not fit its description"),
        (tiny_network(), {"mels": 9}, "does not fit its description"),
        (tiny_network(), {"inputOrder": "MelsFrames"}, "does not fit its description"),
        (tiny_network(), {"tags": ["one"]}, "its tags have 2 probabilities, not 1"),
        (tiny_network(5000), {}, "more than 4096"),
    ],
)
def test_a_network_that_does_not_fit(tmp_path: Path, network: bytes, changes: dict[str, Any], problem: str) -> None:
    file = read_ear(write_ear(tmp_path, network, **changes))
    with pytest.raises(ConfigurationError) as error:
        Network(file)
    assert problem in str(error.value)
