"""Cosines of unit rows, and which centre is nearest to a row."""

from __future__ import annotations

import numpy as np

from segue_core.similarity.arrays import BLOCK_ROWS, Doubles, Integers, Singles


def centre_scores(vectors: Singles, centres: Singles) -> Singles:
    """Proximity to every centre: ``x·c - |c|²/2``, larger is nearer; shape (n, k).

    For unit centres this is the cosine minus one half; for other centres it orders by Euclidean distance, because
    ``|x - c|² = |x|² - 2 (x·c - |c|²/2)``.
    """
    scores: Singles = vectors @ centres.T - 0.5 * np.einsum("kd,kd->k", centres, centres)
    return scores


def nearest_cells(vectors: Singles, centres: Singles, count: int) -> Integers:
    """The ``count`` nearest cells of each vector, nearest first; ties go to the smaller number; shape (n, count).

    Parameters
    ----------
    vectors
        (n, d) unit rows.
    centres
        (k, d).
    count
        More than k counts as k.
    """
    cells = np.empty((len(vectors), min(count, len(centres))), dtype=np.intp)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        scores = centre_scores(vectors[block], centres)
        cells[block] = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return cells


def centre_distances(vectors: Singles, centres: Singles, cells: Integers) -> Doubles:
    """Cosine distance of each vector to the centre of its cell, 0 to 2; shape (n,).

    Parameters
    ----------
    vectors
        (n, d) unit rows.
    centres
        (k, d) of any length; the distance to a zero centre is 1.
    cells
        (n,) number of the cell.
    """
    norms = np.linalg.norm(centres.astype(np.float64), axis=1)
    unit = centres / np.where(norms > 0, norms, 1.0)[:, None]
    distances = np.empty(len(vectors))
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        distances[block] = 1.0 - exact_cosines(vectors[block], unit[cells[block]])
    return distances


def exact_cosines(left: Singles | Doubles, right: Singles | Doubles) -> Doubles:
    """Dot products of rows in float64, each summed separately: equal rows give equal bits at any position.

    Parameters
    ----------
    left, right
        (..., d) unit rows, broadcast against each other.
    """
    products = np.multiply(left, right, dtype=np.float64)
    cosines: Doubles = products.sum(axis=-1)
    return cosines


def nearest_centre(vectors: Singles, centres: Singles) -> Integers:
    """Number of each vector's nearest centre; (n,).

    Parameters
    ----------
    vectors
        (n, d) unit rows.
    centres
        (k, d).
    """
    cells = np.empty(len(vectors), dtype=np.intp)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        np.argmax(centre_scores(vectors[block], centres), axis=1, out=cells[block])
    return cells
