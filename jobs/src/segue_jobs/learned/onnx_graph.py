"""Writes a network as an ONNX file, from nodes and tensors; the numbers are those of ``onnx.proto``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from segue_jobs.learned.protobuf import content, number

OPSET = 13
_IR_VERSION = 7
_FLOAT, _INT64 = 1, 7
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7

Shape = Sequence[int | str]
"""Sizes, or names of sizes that are free."""


class Graph:
    """Collects the nodes of a network; each call returns the name of what it adds."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._names = 0

    def tensor(self, values: NDArray[np.generic]) -> str:
        """Add a constant: float32, or int64 if the values are whole numbers."""
        name = self._name("tensor")
        whole = np.issubdtype(values.dtype, np.integer)
        raw = np.ascontiguousarray(values, "<i8" if whole else "<f4").tobytes()
        dimensions = b"".join(number(1, size) for size in values.shape)
        self._tensors.append(dimensions + number(2, _INT64 if whole else _FLOAT) + content(8, name) + content(9, raw))
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: int | Sequence[int]) -> str:
        """Add an operation with one output."""
        name = output or self._name(kind.lower())
        parts = [*(content(1, one) for one in inputs), content(2, name), content(3, name), content(4, kind)]
        parts += [content(5, _attribute(key, value)) for key, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return name

    def to_bytes(
        self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], *, name: str, notes: Mapping[str, str]
    ) -> bytes:
        """The complete file.

        Parameters
        ----------
        inputs, outputs
            Name -> shape; all are float32.
        notes
            Metadata for people, such as the licence.
        """
        graph = b"".join(content(1, node) for node in self._nodes) + content(2, name)
        graph += b"".join(content(5, tensor) for tensor in self._tensors)
        graph += b"".join(content(11, _value(key, shape)) for key, shape in inputs.items())
        graph += b"".join(content(12, _value(key, shape)) for key, shape in outputs.items())
        opset = content(1, "") + number(2, OPSET)
        properties = b"".join(content(14, content(1, key) + content(2, text)) for key, text in notes.items())
        return number(1, _IR_VERSION) + content(2, "segue") + content(7, graph) + content(8, opset) + properties

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}_{self._names}"


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return content(1, name) + number(3, value) + number(20, _ATTRIBUTE_INT)
    return content(1, name) + b"".join(number(8, one) for one in value) + number(20, _ATTRIBUTE_INTS)


def _value(name: str, shape: Shape) -> bytes:
    sizes = b"".join(content(1, number(1, size) if isinstance(size, int) else content(2, size)) for size in shape)
    return content(1, name) + content(2, content(1, number(1, _FLOAT) + content(2, sizes)))
