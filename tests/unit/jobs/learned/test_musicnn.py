"""The converted network computes what its definition says; its checkpoint is read as TensorFlow writes it."""

from __future__ import annotations

import contextlib

import numpy as np
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from segue_core.errors import ConfigurationError
from segue_jobs.learned import protobuf
from segue_jobs.learned.musicnn import FRAMES, MELS, to_onnx
from segue_jobs.learned.published import WHEEL, write_ear
from segue_jobs.learned.tensor_bundle import CheckpointError, read_tensors

KERNELS = [(7, 38), (7, 67), (128, 1), (64, 1), (32, 1)]
CHANNELS = [4, 4, 2, 2, 2]
MIDDLE, HIDDEN, TAGS = 3, 6, 5


def random_weights() -> dict[str, np.ndarray]:
    """Weights of the network's shape, with few channels."""
    draw = np.random.default_rng(1)
    heard = sum(CHANNELS)
    shapes = [(*kernel, 1, count) for kernel, count in zip(KERNELS, CHANNELS, strict=True)]
    shapes += [(7, heard, 1, MIDDLE), (7, MIDDLE, 1, MIDDLE), (7, MIDDLE, 1, MIDDLE)]
    pooled = 2 * (heard + 3 * MIDDLE)
    weights = {}
    for place, shape in enumerate(shapes):
        name = f"conv2d_{place}" if place else "conv2d"
        weights |= {f"{name}/kernel": draw.normal(0, 0.2, shape), f"{name}/bias": draw.normal(0, 0.2, shape[-1])}
    for place, width in enumerate([1, *CHANNELS, MIDDLE, MIDDLE, MIDDLE, pooled, HIDDEN]):
        name = f"batch_normalization_{place}" if place else "batch_normalization"
        for part in ("gamma", "beta", "moving_mean"):
            weights[f"{name}/{part}"] = draw.normal(0.5, 0.3, width)
        weights[f"{name}/moving_variance"] = draw.uniform(0.2, 2.0, width)
    for name, shape in (("dense", (pooled, HIDDEN)), ("dense_1", (HIDDEN, TAGS))):
        weights |= {f"{name}/kernel": draw.normal(0, 0.3, shape), f"{name}/bias": draw.normal(0, 0.3, shape[1])}
    return {name: np.asarray(value, np.float32) for name, value in weights.items()}


def reference(weights: dict[str, np.ndarray], patch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One patch through the network, channels last, as its definition reads."""
    counts = {"conv2d": -1, "batch_normalization": -1}

    def name(layer: str) -> str:
        counts[layer] += 1
        return f"{layer}_{counts[layer]}" if counts[layer] else layer

    def normal(values: np.ndarray) -> np.ndarray:
        gamma, beta, mean, variance = (
            weights[f"{layer}/{part}"]
            for layer in [name("batch_normalization")]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return (values - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def convolved(values: np.ndarray) -> np.ndarray:
        layer = name("conv2d")
        kernel = weights[f"{layer}/kernel"][:, :, 0]
        before = (kernel.shape[0] - 1) // 2
        padded = np.pad(values, ((before, kernel.shape[0] - 1 - before), (0, 0)))
        windows = sliding_window_view(padded, kernel.shape[:2])
        return np.maximum(np.einsum("tfab,abc->tfc", windows, kernel) + weights[f"{layer}/bias"], 0)

    first = normal(patch[..., None])[..., 0]
    heard = np.concatenate([normal(convolved(first)).max(axis=1) for _ in KERNELS], axis=1)
    layers = [heard]
    for place in range(3):
        out = normal(convolved(layers[-1])[:, 0])
        layers.append(out + layers[-1] if place else out)
    together = np.concatenate(layers, axis=1)
    pooled = normal(np.stack([together.max(axis=0), together.mean(axis=0)], axis=1).ravel())
    embedding = normal(np.maximum(pooled @ weights["dense/kernel"] + weights["dense/bias"], 0))
    return embedding, 1 / (1 + np.exp(-(embedding @ weights["dense_1/kernel"] + weights["dense_1/bias"])))


def test_the_network_computes_what_its_definition_says() -> None:
    weights = random_weights()
    session = onnxruntime.InferenceSession(to_onnx(weights, {"licence": "none"}))
    assert session.get_modelmeta().custom_metadata_map == {"licence": "none"}
    patches = np.random.default_rng(2).uniform(0, 3, (2, FRAMES, MELS)).astype(np.float32)
    embeddings, tags = session.run(["embedding", "tags"], {"mel": patches})
    for patch, embedding, tag in zip(patches, embeddings, tags, strict=True):
        expected, expected_tags = reference(weights, patch)
        np.testing.assert_allclose(embedding, expected, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(tag, expected_tags, rtol=1e-3, atol=1e-4)


def checkpoint(tensors: dict[str, np.ndarray]) -> tuple[bytes, bytes]:
    """A checkpoint as TensorFlow writes it: one block of entries, one that indexes it, and the footer of LevelDB."""
    data, entries, before = b"", [(b"", protobuf.number(1, 1))], b""
    for key, values in sorted(tensors.items()):
        shape = b"".join(protobuf.content(2, protobuf.number(1, size)) for size in values.shape)
        kind = 1 if values.dtype == np.float32 else 9
        entry = protobuf.number(1, kind) + protobuf.content(2, shape) + protobuf.number(4, len(data))
        entry += protobuf.number(5, values.nbytes) + bytes([6 << 3 | 5]) + b"\0\0\0\0"
        entries.append((key.encode(), entry))
        data += values.tobytes()

    def block(pairs: list[tuple[bytes, bytes]]) -> bytes:
        nonlocal before
        content, before = b"", b""
        for key, value in pairs:
            shared = next((at for at in range(len(key)) if before[at : at + 1] != key[at : at + 1]), len(key))
            content += protobuf.varint(shared) + protobuf.varint(len(key) - shared) + protobuf.varint(len(value))
            content += key[shared:] + value
            before = key
        return content + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")

    first = block(entries)
    handle = protobuf.varint(0) + protobuf.varint(len(first))
    second = block([(b"zz", handle)])
    index = first + b"\0" * 5 + second + b"\0" * 5
    places = (0, len(first), len(first) + 5, len(second))
    footer = b"".join(map(protobuf.varint, places)).ljust(40, b"\0") + 0xDB4775248B80FB57.to_bytes(8, "little")
    return index + footer, data


def test_a_checkpoint_is_read() -> None:
    tensors = {"conv/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "conv/bias": np.ones(300, np.float32)}
    index, data = checkpoint({**tensors, "conv/step": np.array([7], np.int64)})
    found = read_tensors(index, data)
    assert found.keys() == tensors.keys()
    for name, values in tensors.items():
        np.testing.assert_array_equal(found[name], values)
    with pytest.raises(CheckpointError, match="behind the end"):
        read_tensors(index, data[:-200])


def test_a_damaged_checkpoint_is_read_or_refused() -> None:
    """Whatever the bytes, no other error and no endless loop."""
    index, data = checkpoint({"a/b": np.zeros((3, 4), np.float32), "a/c": np.zeros(5, np.float32)})
    draw = np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        damaged = bytearray(index)
        damaged[draw.integers(len(index))] = int(draw.integers(256))
        with contextlib.suppress(CheckpointError):
            read_tensors(bytes(damaged), data)
            refused -= 1
        refused += 1
    assert 30 < refused < 300


def test_another_package_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=f"{WHEEL} has the SHA-256"):
        write_ear(b"another package", tmp_path)
    assert list(tmp_path.iterdir()) == []
