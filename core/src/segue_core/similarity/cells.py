"""Cells for search: a fine clustering, made when a catalogue is loaded.

A model's published clusters are made for people; they are too few and too large to be an index. Cells are only that:
nobody sees them, and they need not be the best clustering.
"""

from __future__ import annotations

import math

import numpy as np

from segue_core.similarity.arrays import Integers, Singles
from segue_core.similarity.cosines import nearest_centre
from segue_core.similarity.kmeans import lloyd

_SMALL = 8192
"""Up to this many tracks, comparing with all of them is faster than choosing cells."""
_MOST_CELLS = 1024
_SAMPLE = 64
"""Rows a cell that the centres are fitted to."""
_ITERATIONS = 8
_SEED = 1


def cell_count(tracks: int) -> int:
    """Number of cells for a number of tracks: about its root, as a power of two, at most 1,024; 1 if it is small."""
    return 1 if tracks <= _SMALL else min(_MOST_CELLS, 1 << round(math.log2(math.sqrt(tracks))))


def make_cells(vectors: Singles) -> tuple[Integers, Singles]:
    """Cell of each vector, and the cells' centres, by k-means on a sample; the same vectors give the same cells.

    Parameters
    ----------
    vectors
        (n, d) unit rows.

    Returns
    -------
    (n,) cells, and (k, d) unit centres with k from `cell_count`.
    """
    k = cell_count(len(vectors))
    if k == 1:
        mean = vectors.mean(axis=0, dtype=np.float64) if len(vectors) else np.zeros(vectors.shape[1])
        return np.zeros(len(vectors), dtype=np.intp), mean[None].astype(np.float32)
    random = np.random.default_rng(_SEED)
    size = min(len(vectors), k * _SAMPLE)
    sample = vectors[np.sort(random.choice(len(vectors), size=size, replace=False))]
    centres = sample[random.choice(size, size=k, replace=False)].copy()
    centres = lloyd(sample, centres, _ITERATIONS)
    return nearest_centre(vectors, centres), centres
