"""A tiny ear: a network that knows how loud each mel band is, and two tags."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from segue_jobs.learned.ear import Ear, EarFile
from segue_jobs.learned.onnx_graph import Graph

FRAMES, MELS, RATE = 32, 8, 8000


def tiny_network(dimensions: int = MELS) -> bytes:
    """Mean over the frames, times the identity; the tags are the sigmoid of the first two dimensions."""
    graph = Graph()
    mean = graph.node("ReduceMean", "mel", axes=(1,), keepdims=0)
    graph.node("MatMul", mean, graph.tensor(np.eye(MELS, dimensions, dtype=np.float32)), output="embedding")
    first = graph.node("MatMul", mean, graph.tensor(np.eye(MELS, 2, dtype=np.float32)))
    graph.node("Sigmoid", first, output="tags")
    return graph.to_bytes(
        {"mel": ("patches", FRAMES, MELS)},
        {"embedding": ("patches", dimensions), "tags": ("patches", 2)},
        name="tiny",
        notes={},
    )


def description(onnx: bytes, **changes: Any) -> dict[str, Any]:
    """The description of a tiny network."""
    return {
        "name": "tiny", "network": "tiny.onnx", "sha256": hashlib.sha256(onnx).hexdigest(), "sampleRate": RATE,
        "frame": 256, "hop": 128, "mels": MELS, "patchFrames": FRAMES, "output": "embedding", "tagsOutput": "tags",
        "tags": ["low", "high"], **changes,
    }  # fmt: skip


def write_ear(folder: Path, onnx: bytes | None = None, **changes: Any) -> Path:
    """Write an ear; return the path of its description."""
    content = tiny_network() if onnx is None else onnx
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.onnx").write_bytes(content)
    path = folder / "tiny.json"
    path.write_bytes(msgspec.json.encode(description(content, **changes)))
    return path


def ear(**changes: Any) -> Ear:
    """An ear whose network does not exist."""
    return msgspec.convert(description(b"", **changes), Ear)


def ear_file(folder: Path) -> EarFile:
    """A tiny ear on disk."""
    path = write_ear(folder)
    return EarFile(msgspec.json.decode(path.read_bytes(), type=Ear), folder)
