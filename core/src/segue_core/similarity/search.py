"""Exact cosine search within the nearest cells of a clustering.

Cells are an index, not an answer: a search compares the query with every vector in the few cells whose centres are
nearest, and continues with further cells if filters leave too few.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from segue_core.similarity.arrays import Booleans, Compact, Doubles, Integers, Singles
from segue_core.similarity.cell_block import CellBlock, reorder
from segue_core.similarity.columns import Column
from segue_core.similarity.cosines import exact_cosines, nearest_centre

PROBES = 3
"""Clusters to search in the measures of training; on real music, 3 of 10 to 20 contain 90 to 96 % of the neighbours."""
_SINGLE_ERROR = 1e-5
"""Exceeds the error of a float32 dot product of unit vectors: candidates this close to the last one are kept."""
_FEW = 4096
"""If filters leave no more rows than this, all of them are compared."""
_MORE_IF_FILTERED = 4
"""With filters, this many times as many allowed rows are compared as are wanted: the nearest lie in more cells."""
_CUT = 2
"""If there are more than this many times as many rows as are wanted, the farther ones are cut before the exact
cosines are computed."""
_SPARSE = 4
"""If fewer than one row in this many is allowed, rows are gathered instead of multiplied in place."""
_MOST_LATER = 2048
"""More rows than this are sorted into cells."""
_MOST_JOINED = 131_072
"""A block of more rows is not joined with later ones, so that no addition has to copy more: some 50 MB."""


@dataclass(frozen=True)
class Neighbours:
    """Nearest rows, best first; equal cosines in row order."""

    rows: Integers
    """(m,)"""
    cosines: Doubles
    """(m,)"""
    vectors: Singles
    """(m, d)"""
    probed: int
    """Number of cells searched."""


class CellIndex:
    """Unit vectors stored cell by cell, in blocks of rows that follow each other.

    What is added is first compared with every query. Once it is some thousand rows, it is sorted into the same cells as
    a block of its own, and small blocks are joined: an addition never costs a copy of all.

    Parameters
    ----------
    vectors
        (n, d) unit rows, ordered by id: their order decides ties.
    cells
        (n,) cell of each row.
    centres
        (k, d).
    in_place
        Use the memory of ``vectors``, which nobody else may use any more.

    Raises
    ------
    ValueError
        The shapes do not match, or a cell's number has no centre.
    """

    def __init__(self, vectors: Singles, cells: Integers, centres: Singles, *, in_place: bool = False) -> None:
        if centres.ndim != 2 or vectors.ndim != 2 or not len(centres) or vectors.shape[1] != centres.shape[1]:
            raise ValueError(f"vectors {vectors.shape} and centres {centres.shape} do not match")
        if cells.shape != (len(vectors),):
            raise ValueError(f"{len(vectors)} vectors, but cells of shape {cells.shape}")
        if len(cells) and not 0 <= int(cells.min()) <= int(cells.max()) < len(centres):
            raise ValueError(f"cells are numbered {cells.min()} to {cells.max()}, but there are {len(centres)} centres")
        self.centres = np.ascontiguousarray(centres, dtype=np.float32)
        self._half_squares: Singles = 0.5 * np.einsum("kd,kd->k", self.centres, self.centres)
        take = partial(reorder, vectors) if in_place else vectors.__getitem__
        self._arrange((CellBlock.of(0, cells, len(centres), take),))

    @classmethod
    def of_block(cls, block: CellBlock, centres: Singles) -> Self:
        """An index of one block."""
        made = cls(np.empty((0, centres.shape[1]), dtype=np.float32), np.empty(0, dtype=np.intp), centres)
        made._arrange((block,))
        return made

    def _arrange(self, blocks: tuple[CellBlock, ...]) -> None:
        self.blocks = blocks
        self._known = blocks[-1].first + len(blocks[-1])
        self._sizes: Integers = np.sum([block.sizes for block in blocks], axis=0)
        self.later_vectors = Column(np.empty((0, self.centres.shape[1]), dtype=np.float32))

    def __len__(self) -> int:
        return self._known + len(self.later_vectors)

    @property
    def later(self) -> int:
        """Number of rows that are in no cell yet; every search compares with all of them."""
        return len(self.later_vectors)

    def extended(self, vectors: Singles) -> CellIndex:
        """An index with these rows behind its own; both share their memory.

        Parameters
        ----------
        vectors
            (m, d) unit rows.
        """
        made = copy(self)
        made.later_vectors = self.later_vectors.extended(vectors)
        return made._sorted() if made.later > _MOST_LATER else made  # noqa: SLF001 - a copy of itself

    def _sorted(self) -> CellIndex:
        """With the later rows in a block; blocks are joined as long as the last one is not the smaller half."""
        vectors = self.later_vectors.values
        cells = nearest_centre(vectors, self.centres)
        blocks = [*self.blocks, CellBlock.of(self._known, cells, len(self.centres), vectors.__getitem__)]
        while len(blocks) > 1 and len(blocks[-2]) <= min(2 * len(blocks[-1]), _MOST_JOINED):
            last = blocks.pop()
            blocks[-1] = blocks[-1].joined(last)
        self._arrange(tuple(blocks))
        return self

    def taken(self, rows: Integers) -> CellIndex:
        """An index of these rows alone, in the same cells."""
        later = nearest_centre(self.later_vectors.values, self.centres)
        cells = np.concatenate([*(block.cells for block in self.blocks), later])[rows]
        block = CellBlock.of(0, cells, len(self.centres), lambda order: self.vectors(rows[order]))
        return CellIndex.of_block(block, self.centres)

    def vectors(self, rows: Integers) -> Singles:
        """Vectors of these rows; shape (m, d)."""
        if len(self.blocks) == 1 and not len(self.later_vectors):
            return self.blocks[0].take(rows)
        found = np.empty((len(rows), self.centres.shape[1]), dtype=np.float32)
        for block in self.blocks:
            here = (rows >= block.first) & (rows < block.first + len(block))
            found[here] = block.take(rows[here])
        late = rows >= self._known
        found[late] = self.later_vectors.values[rows[late] - self._known]
        return found

    def search(
        self,
        query: Singles,
        count: int,
        *,
        probes: int = PROBES,
        allowed: Booleans | None = None,
        denied: Integers | None = None,
    ) -> Neighbours:
        """The ``count`` nearest allowed rows among the nearest cells.

        Cells beyond ``probes`` are added, nearest first, until they contain enough allowed rows or none are left.
        The result depends neither on the order of the rows (except for ties) nor on the number of threads.

        Parameters
        ----------
        query
            (d,) unit vector.
        count
            Number of rows wanted; there are fewer only if fewer are allowed.
        probes
            Minimum number of cells to search.
        allowed
            (n,) rows that may be found; by default, all.
        denied
            Ascending rows that may not be found although they are allowed: for a few rows, this costs less than a
            mask of all.
        """
        query = np.asarray(query, dtype=np.float32)
        few = None if allowed is None else _few(allowed)
        if few is not None:
            return self._best(query, (few, self.vectors(few) @ query), count, denied, probed=len(self.centres))
        order = np.argsort(self._half_squares - self.centres @ query, kind="stable")
        wanted = count * (1 if allowed is None else _MORE_IF_FILTERED) + (0 if denied is None else len(denied))
        if allowed is None:
            return self._search_all(query, count, denied, order[: self._cells_with(order, wanted, probes)])
        parts, available, probed = [self._scan_later(query, allowed)], 0, 0
        for cell in order.tolist():
            if probed >= probes and available >= wanted:
                break
            found = list(self._scan(query, cell, allowed))
            parts += found
            available += sum(len(rows) for rows, _ in found)
            probed += 1
        rows, cosines = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return self._best(query, (rows, cosines), count, denied, probed=probed)

    def _cells_with(self, order: Integers, wanted: int, probes: int) -> int:
        """How many of the cells, in this order, contain as many rows as wanted; at least as many as to be probed."""
        return max(probes, int(np.searchsorted(np.cumsum(self._sizes[order]), wanted)) + 1)

    def _search_all(self, query: Singles, count: int, denied: Integers | None, cells: Integers) -> Neighbours:
        """Search where no filter applies: all products go into one array, and only the nearest rows are looked up."""
        starts = np.concatenate([block.starts[cells] + block.first for block in self.blocks] + [[self._known]])
        ends = np.concatenate([block.starts[cells + 1] + block.first for block in self.blocks] + [[len(self)]])
        stops = np.cumsum(ends - starts)
        cosines = np.empty(stops[-1], dtype=np.float32)
        place = 0
        for number, block in enumerate(self.blocks):
            part = slice(number * len(cells), (number + 1) * len(cells))
            spans = zip((starts[part] - block.first).tolist(), (ends[part] - block.first).tolist(), strict=True)
            for start, end in spans:
                np.dot(block.vectors[start:end], query, out=cosines[place : place + end - start])
                place += end - start
        np.dot(self.later_vectors.values, query, out=cosines[place:])
        near = _near(cosines, count + (0 if denied is None else len(denied)))
        rows = near + (ends - stops)[np.searchsorted(stops, near, side="right")]
        for block in self.blocks:
            here = (rows >= block.first) & (rows < block.first + len(block))
            rows[here] = block.rows[rows[here] - block.first]
        return self._best(query, (rows, cosines[near]), count, denied, probed=len(cells))

    def _scan(self, query: Singles, cell: int, allowed: Booleans) -> Iterator[tuple[Compact, Singles]]:
        for block in self.blocks:
            here = slice(int(block.starts[cell]), int(block.starts[cell + 1]))
            rows, vectors = block.rows[here], block.vectors[here]
            places = np.flatnonzero(allowed[rows])
            sparse = len(places) * _SPARSE < len(rows)
            cosines: Singles = vectors[places] @ query if sparse else (vectors @ query)[places]
            yield rows[places], cosines

    def _scan_later(self, query: Singles, allowed: Booleans) -> tuple[Compact, Singles]:
        rows: Compact = np.arange(self._known, len(self), dtype=np.int32)
        cosines: Singles = self.later_vectors.values @ query
        mask = allowed[self._known :]
        return rows[mask], cosines[mask]

    def _best(
        self,
        query: Singles,
        found: tuple[Integers | Compact, Singles],
        count: int,
        denied: Integers | None,
        *,
        probed: int,
    ) -> Neighbours:
        rows, cosines = found
        if denied is not None and len(denied):
            near = _near(cosines, count + len(denied))
            near = near[~contains(denied, rows[near])]
            rows, cosines = rows[near], cosines[near]
        if len(rows) > _CUT * count:
            rows = rows[_near(cosines, count)]
        rows = rows.astype(np.intp)
        vectors = self.vectors(rows)
        exact = exact_cosines(vectors, query)
        best = np.lexsort((rows, -exact))[: max(count, 0)]
        return Neighbours(rows=rows[best], cosines=exact[best], vectors=vectors[best], probed=probed)


def _near(cosines: Singles, count: int) -> Integers:
    """Places of the ``count`` largest, and of those that a float32 product cannot tell from the last of them."""
    if not 0 < count < len(cosines):
        return np.arange(len(cosines))
    last = np.partition(cosines, len(cosines) - count)[len(cosines) - count]
    return np.flatnonzero(cosines >= last - _SINGLE_ERROR)


def _few(allowed: Booleans) -> Integers | None:
    """The allowed rows, if they are so few that cells would not help."""
    return np.flatnonzero(allowed) if np.count_nonzero(allowed) <= _FEW else None


def contains(ascending: Integers, values: Integers | Compact) -> Booleans:
    """Which values occur in an ascending array; (m,)."""
    if not len(ascending):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    found: Booleans = ascending[places] == values
    return found
