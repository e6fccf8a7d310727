"""The network MSD_musicnn as an ONNX file, made from the weights of its checkpoint.

Architecture: Pons & Serra, musicnn: Pre-trained convolutional neural networks for music audio tagging, ISMIR 2019 late
breaking. A front end of convolutions over timbre (all time steps, tall in frequency) and over time; three convolutions
with residual connections; the maximum and the mean over time; a layer of 200 units, which is the embedding; 50 tags.
Batch normalisations become one multiplication and one addition each.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from segue_jobs.learned.onnx_graph import Graph

FRAMES, MELS = 187, 96
EMBEDDING, TAGS = "embedding", "tags"
_EPSILON = 1e-3
"""Added to variances, as in TensorFlow's layer."""
_TIMBRAL, _TEMPORAL = 2, 3
"""Numbers of convolutions of either kind in the front end."""
_RESIDUAL = 3
_PADDING = 3

Weights = Mapping[str, NDArray[np.float32]]


def to_onnx(weights: Weights, notes: Mapping[str, str]) -> bytes:
    """The network with the input ``mel`` (n, 187, 96) and the outputs ``embedding`` (n, 200) and ``tags`` (n, 50).

    Parameters
    ----------
    weights
        Tensors of the checkpoint.
    notes
        Metadata of the file.

    Raises
    ------
    KeyError, ValueError
        A tensor is missing or has another shape.
    """
    layers = _Layers(weights)
    heard = layers.front_end(layers.graph.node("Unsqueeze", layers.normalise("mel", 3), layers.whole(1)))
    pooled = layers.pool(layers.middle(heard))
    hidden = layers.graph.node("Relu", layers.dense(layers.normalise(pooled, 1)))
    embedding = layers.normalise(hidden, 1, output=EMBEDDING)
    layers.graph.node("Sigmoid", layers.dense(embedding), output=TAGS)
    return layers.graph.to_bytes(
        {"mel": ("patches", FRAMES, MELS)},
        {EMBEDDING: ("patches", layers.last_width(1)), TAGS: ("patches", layers.last_width(0))},
        name="MSD_musicnn",
        notes=notes,
    )


class _Layers:
    """Takes the layers' weights one after the other, in the order in which the network was defined."""

    def __init__(self, weights: Weights) -> None:
        self.graph = Graph()
        self._weights = weights
        self._used = dict.fromkeys(("conv2d", "batch_normalization", "dense"), 0)
        self._widths: list[int] = []

    def whole(self, *values: int) -> str:
        return self.graph.tensor(np.array(values, dtype=np.int64))

    def last_width(self, back: int) -> int:
        """Units of the last dense layer, or of one before it."""
        return self._widths[-1 - back]

    def front_end(self, patches: str) -> str:
        """(n, 1, frames, mels) -> (n, channels, frames)."""
        kinds = ["timbral"] * _TIMBRAL + ["temporal"] * _TEMPORAL
        convolved = []
        for kind in kinds:
            # Two dimensions: (height, width, 1, channels) -> (channels, 1, height, width)
            kernel, bias = self._take("conv2d", "kernel"), self._take("conv2d", "bias", advance=True)
            before = _PADDING if kind == "timbral" else (kernel.shape[0] - 1) // 2
            pads = (before, 0, kernel.shape[0] - 1 - before, 0)
            filters = self.graph.tensor(kernel.transpose(3, 2, 0, 1))
            heard = self.graph.node("Conv", patches, filters, self.graph.tensor(bias), pads=pads)
            normal = self.normalise(self.graph.node("Relu", heard), 4)
            convolved.append(self.graph.node("ReduceMax", normal, axes=(3,), keepdims=0))
        return self.graph.node("Concat", *convolved, axis=1)

    def middle(self, heard: str) -> str:
        """(n, channels, frames) -> the same and the channels of three further layers."""
        layers = [heard]
        for place in range(_RESIDUAL):
            # One dimension: (time, channels in, 1, channels out) -> (channels out, channels in, time)
            kernel, bias = self._take("conv2d", "kernel"), self._take("conv2d", "bias", advance=True)
            filters = self.graph.tensor(kernel[:, :, 0].transpose(2, 1, 0))
            convolved = self.graph.node("Conv", layers[-1], filters, self.graph.tensor(bias), pads=(_PADDING, _PADDING))
            normal = self.normalise(self.graph.node("Relu", convolved), 3, channels_first=True)
            layers.append(self.graph.node("Add", normal, layers[-1]) if place else normal)
        return self.graph.node("Concat", *layers, axis=1)

    def pool(self, layers: str) -> str:
        """(n, channels, frames) -> (n, 2 channels): each channel's maximum, then its mean."""
        parts = [self.graph.node(kind, layers, axes=(2,), keepdims=1) for kind in ("ReduceMax", "ReduceMean")]
        return self.graph.node("Flatten", self.graph.node("Concat", *parts, axis=2), axis=1)

    def dense(self, values: str) -> str:
        kernel, bias = self._take("dense", "kernel"), self._take("dense", "bias", advance=True)
        self._widths.append(len(bias))
        return self.graph.node("Gemm", values, self.graph.tensor(kernel), self.graph.tensor(bias))

    def normalise(self, values: str, rank: int, *, channels_first: bool = False, output: str = "") -> str:
        """Batch normalisation of the channels: the second axis of a rank of 4, or if asked for; else the last axis."""
        name = "batch_normalization"
        mean, variance = (self._take(name, part).astype(np.float64) for part in ("moving_mean", "moving_variance"))
        scale = self._take(name, "gamma").astype(np.float64) / np.sqrt(variance + _EPSILON)
        shift = self._take(name, "beta", advance=True) - mean * scale
        behind = rank - 2 if rank == 4 or channels_first else 0
        factors, summands = (
            self.graph.tensor(part.reshape(-1, *(1,) * behind).astype(np.float32)) for part in (scale, shift)
        )
        return self.graph.node("Add", self.graph.node("Mul", values, factors), summands, output=output)

    def _take(self, layer: str, part: str, *, advance: bool = False) -> NDArray[np.float32]:
        place = self._used[layer]
        self._used[layer] += advance
        return self._weights[f"{layer}_{place}/{part}" if place else f"{layer}/{part}"]
