"""Arrays that grow: a longer version shares the memory of the shorter ones that requests still hold."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue_core.similarity.arrays import Integers

_SPARE = 8
"""An array that grows reserves one row in this many more than it needs."""


class _Buffer:
    """Memory of a column, and how much of it is in use."""

    def __init__(self, memory: NDArray[Any], used: int) -> None:
        self.memory = memory
        self.used = used
        self.lock = Lock()


class Column:
    """An array that can be extended at its end; immutable, except that a longer column may use the rows behind it.

    Parameters
    ----------
    values
        (n, ...) the first rows.
    """

    def __init__(self, values: NDArray[Any], buffer: _Buffer | None = None) -> None:
        self.values = values
        self._buffer = buffer or _Buffer(values, len(values))

    def __len__(self) -> int:
        return len(self.values)

    def extended(self, more: NDArray[Any]) -> Column:
        """A column with these rows behind its own; it copies its own only when the memory is full."""
        if not len(more):
            return self
        start, end = len(self.values), len(self.values) + len(more)
        buffer = self._buffer
        with buffer.lock:
            if buffer.used != start or end > len(buffer.memory):
                memory = np.empty((end + end // _SPARE + 64, *self.values.shape[1:]), dtype=self.values.dtype)
                memory[:start] = self.values
                buffer = _Buffer(memory, start)
            buffer.memory[start:end] = more
            buffer.used = end
        return Column(buffer.memory[:end], buffer)

    def taken(self, rows: Integers) -> Column:
        """A column of these rows alone."""
        return Column(self.values[rows])
