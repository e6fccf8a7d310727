"""Lists of nearest neighbours for many queries at once, as the recommender would find them, for the measures.

It works in blocks: for 100,000 vectors of 100 dimensions, a few hundred megabytes are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.similarity.arrays import Booleans, Doubles, Integers, Singles
from segue_core.similarity.cosines import centre_scores, exact_cosines
from segue_core.similarity.proximity import ProximityStatistics, mutual_proximity_distance
from segue_core.similarity.search import PROBES

_BLOCK_BYTES = 32 << 20
"""Size of a block of float32 cosines; its temporary arrays take four times as much."""
_SPARE = 16
"""Additional candidates that are compared exactly, because float32 may confuse neighbours."""


@dataclass(frozen=True)
class Cells:
    """A clustering, of which only the nearest cells are searched."""

    cells: Integers
    """(n,) cell of each row."""
    centres: Singles
    """(k, d)"""
    probes: int = PROBES

    def probed(self, vectors: Singles, sizes: Integers, count: int) -> Booleans:
        """Which cells are searched for each vector; (q, k).

        Parameters
        ----------
        vectors
            (q, d) queries.
        sizes
            (q, k) number of candidates in each cell; cells beyond ``probes`` are added until they contain ``count``.
        count
            Number of candidates wanted.
        """
        order = np.argsort(-centre_scores(vectors, self.centres), axis=1, kind="stable")
        before = np.cumsum(np.take_along_axis(sizes, order, axis=1), axis=1)
        before = np.concatenate((np.zeros((len(order), 1), dtype=before.dtype), before[:, :-1]), axis=1)
        wanted = (before < count) | (np.arange(order.shape[1]) < self.probes)
        result = np.zeros(order.shape, dtype=np.bool_)
        np.put_along_axis(result, order, wanted, axis=1)
        return result


@dataclass(frozen=True)
class Groups:
    """Rows by label, for a filter that excludes rows with the query's label (artist filter)."""

    codes: Integers
    """(n,) label of each row, -1 if unknown: such a row excludes no others."""
    members: tuple[Integers, ...]
    """Rows of each label."""

    @classmethod
    def from_labels(cls, labels: Sequence[str | None]) -> Groups:
        """Number the labels; None and the empty string mean unknown."""
        numbers: dict[str, int] = {}
        codes = np.array([numbers.setdefault(name, len(numbers)) if name else -1 for name in labels], dtype=np.intp)
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(numbers) + 1))
        members = tuple(order[starts[code] : starts[code + 1]] for code in range(len(numbers)))
        return cls(codes=codes, members=members)

    def of(self, row: int) -> Integers:
        """All rows with the row's label; only the row itself if its label is unknown."""
        code = int(self.codes[row])
        return self.members[code] if code >= 0 else np.array([row], dtype=np.intp)


def neighbour_lists(
    vectors: Singles,
    count: int,
    *,
    queries: Integers | None = None,
    artists: Groups | None = None,
    cells: Cells | None = None,
    proximity: ProximityStatistics | None = None,
    pool: int = 200,
) -> Integers:
    """The nearest rows of each query, as the recommender would find them.

    Parameters
    ----------
    vectors
        (n, d) unit rows; ties go to the earlier row.
    count
        Length of the lists.
    queries
        (q,) rows to use as queries, for example a sample; by default, all.
    artists
        Artist filter: rows of the query's artist are not candidates.
    cells
        Search only the nearest cells; by default, search everything.
    proximity
        Rank the ``pool`` nearest by mutual proximity.
    pool
        Number of candidates to rank again; used only with ``proximity``.

    Returns
    -------
    (q, count) rows, best first, filled up with -1. The query itself is never in its list.
    """
    queries = np.arange(len(vectors)) if queries is None else queries
    lists = np.full((len(queries), count), -1, dtype=np.intp)
    kept = min(len(vectors), max(count + _SPARE, pool if proximity is not None else 0))
    step = max(1, _BLOCK_BYTES // (4 * max(1, len(vectors), kept * vectors.shape[1])))
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        opposed = -vectors[block] @ vectors.T  # numpy selects slowly among equal infinities
        own = [artists.of(int(row)) if artists is not None else np.array([row]) for row in block]
        for line, rows in zip(opposed, own, strict=True):
            line[rows] = np.inf
        if cells is not None:
            _hide_cells(opposed, own, vectors[block], cells, count)
        candidates = np.argpartition(opposed, kept - 1, axis=1)[:, :kept]
        allowed = np.isfinite(np.take_along_axis(opposed, candidates, axis=1))
        distances = 1.0 - exact_cosines(vectors[candidates], vectors[block][:, None, :])
        if proximity is not None:
            allowed &= _rank(np.where(allowed, distances, np.inf), candidates) < pool
            left = ProximityStatistics(mean=proximity.mean[block, None], deviation=proximity.deviation[block, None])
            distances = mutual_proximity_distance(distances, left, proximity.take(candidates))
        distances[~allowed] = np.inf
        order = np.lexsort((candidates, distances), axis=-1)[:, :count]
        found = np.where(allowed, candidates, -1)
        lists[start : start + step, : order.shape[1]] = np.take_along_axis(found, order, axis=1)
    return lists


def _hide_cells(opposed: Singles, own: list[Integers], queries: Singles, cells: Cells, count: int) -> None:
    """Set rows in cells that are not searched to infinity."""
    number = len(cells.centres)
    whole = np.bincount(cells.cells, minlength=number)
    sizes = np.stack([whole - np.bincount(cells.cells[rows], minlength=number) for rows in own])
    hidden = ~cells.probed(queries, sizes, count)
    for line, cell in zip(opposed, hidden, strict=True):
        line[cell[cells.cells]] = np.inf


def _rank(distances: Doubles, candidates: Integers) -> Integers:
    """Rank of each candidate in its list, 0 for the nearest; ties go to the smaller row; shape (q, m)."""
    nearest = np.lexsort((candidates, distances), axis=-1)
    rank = np.empty_like(nearest)
    np.put_along_axis(rank, nearest, np.broadcast_to(np.arange(nearest.shape[1]), nearest.shape), axis=1)
    return rank
