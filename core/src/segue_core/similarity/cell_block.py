"""Consecutive rows of an index, stored cell by cell, so that each cell is one piece of memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from segue_core.similarity.arrays import Compact, Integers, Singles

_DIMENSIONS_AT_ONCE = 16
"""Columns of a matrix that are reordered together: the memory that reordering needs besides the matrix."""


@dataclass(frozen=True)
class CellBlock:
    """Rows ``first`` to ``first + len - 1`` of an index; immutable."""

    first: int
    rows: Compact
    """(n,) row at each position: cell by cell, ascending within a cell."""
    position: Compact
    """(n,) position of each row, the first row being ``first``."""
    vectors: Singles
    """(n, d) by position."""
    starts: Integers
    """(k + 1,) position where each cell begins."""

    @classmethod
    def of(cls, first: int, cells: Integers, count: int, take: Callable[[Compact], Singles]) -> Self:
        """Sort rows by cell.

        Parameters
        ----------
        cells
            (n,) cell of each row, less than ``count``.
        take
            Gives the vectors, (n, d) unit rows, in an order of the rows, counted from 0.
        """
        order = np.argsort(cells, kind="stable").astype(np.int32)
        position = np.empty_like(order)
        position[order] = np.arange(len(order), dtype=np.int32)
        starts = np.searchsorted(cells[order], np.arange(count + 1))
        return cls(first, order + np.int32(first), position, np.ascontiguousarray(take(order), np.float32), starts)

    @classmethod
    def from_arrays(cls, rows: Compact, vectors: Singles, starts: Integers) -> Self:
        """A block that begins with row 0, from these arrays of another.

        Raises
        ------
        ValueError
            The rows are not those of a block.
        """
        position = np.full_like(rows, -1)
        if len(rows) and 0 <= int(rows.min()) <= int(rows.max()) < len(rows):
            position[rows] = np.arange(len(rows), dtype=rows.dtype)
        if (position < 0).any():
            raise ValueError("a row is missing")
        return cls(0, rows, position, vectors, starts)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sizes(self) -> Integers:
        """(k,) rows of each cell."""
        return np.diff(self.starts)

    @property
    def cells(self) -> Integers:
        """(n,) cell of each row, in the order of the rows."""
        return np.repeat(np.arange(len(self.starts) - 1), self.sizes)[self.position]

    def take(self, rows: Integers) -> Singles:
        """Vectors of rows of this block; (m, d)."""
        return self.vectors[self.position[rows - self.first]]

    def joined(self, following: CellBlock) -> CellBlock:
        """One block of this one and the one behind it; costs a copy of both."""
        cells = np.concatenate((self.cells, following.cells))
        positions = np.concatenate((self.position, following.position + np.int32(len(self))))
        vectors = np.concatenate((self.vectors, following.vectors))
        return CellBlock.of(self.first, cells, len(self.starts) - 1, lambda order: vectors[positions[order]])


def reorder(matrix: Singles, order: Integers | Compact) -> Singles:
    """Bring the rows of a matrix into another order, in its own memory and little more; return it."""
    for start in range(0, matrix.shape[1], _DIMENSIONS_AT_ONCE):
        part = matrix[:, start : start + _DIMENSIONS_AT_ONCE]
        part[:] = part[order]
    return matrix
