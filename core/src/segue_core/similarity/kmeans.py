"""k-means on unit vectors in memory: for the cells of an index, and for trying numbers of clusters on a sample.

The clusters that a model publishes are MLlib's. On 4,800 tracks x 97 dimensions, k = 8, 16, 32 and 64 took 1.3 s of
processor time together; scikit-learn took 2.5 s and another 1.3 s to import, for sums of squares that differ by 0.3 %.
"""

from __future__ import annotations

import numpy as np

from segue_core.similarity.arrays import Integers, Singles
from segue_core.similarity.cosines import nearest_centre


def fit_centres(vectors: Singles, k: int, *, seed: int, iterations: int, normalised: bool = True) -> Singles:
    """Cluster unit vectors, beginning with k-means++ (Arthur, Vassilvitskii, SODA 2007).

    Parameters
    ----------
    vectors
        (n, d) unit rows, at least one.
    k
        Number of clusters, at least 1.
    seed
        The same vectors and seed give the same centres.
    iterations
        At most so many.
    normalised
        Unit centres, for the cosine distance; otherwise means, for the Euclidean one.

    Returns
    -------
    (k, d) centres; fewer if there are fewer distinct vectors.
    """
    return lloyd(vectors, _spread(vectors, k, np.random.default_rng(seed)), iterations, normalised=normalised)


def _spread(vectors: Singles, k: int, random: np.random.Generator) -> Singles:
    """Rows that lie far apart: each is drawn with a probability in proportion to its squared distance to the others."""
    chosen = [int(random.integers(len(vectors)))]
    distances = _apart(vectors, chosen[0])
    while len(chosen) < k and distances.any():
        chosen.append(int(random.choice(len(vectors), p=distances / distances.sum())))
        distances = np.minimum(distances, _apart(vectors, chosen[-1]))
    return vectors[chosen].copy()


def _apart(vectors: Singles, row: int) -> np.ndarray:
    """Half the squared distances of unit rows to one of them; 0 for its copies."""
    cosines = vectors.astype(np.float64) @ vectors[row].astype(np.float64)
    return np.where(cosines < 1.0 - 1e-6, 1.0 - cosines, 0.0)


def lloyd(vectors: Singles, centres: Singles, iterations: int, *, normalised: bool = True) -> Singles:
    """Move centres to the means of the rows nearest to them until no row changes its centre."""
    cells: Integers | None = None
    for _ in range(iterations):
        moved = nearest_centre(vectors, centres)
        if cells is not None and np.array_equal(moved, cells):
            break
        cells = moved
        centres = _means(vectors, cells, centres, normalised=normalised)
    return centres


def _means(vectors: Singles, cells: Integers, centres: Singles, *, normalised: bool) -> Singles:
    """Mean of each cell's rows; an empty cell keeps its centre, and so does one whose mean has no direction."""
    order = np.argsort(cells, kind="stable")
    filled, starts, sizes = np.unique(cells[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(vectors[order], starts, axis=0, dtype=np.float64)
    lengths = np.linalg.norm(sums, axis=1) if normalised else sizes.astype(np.float64)
    moved = centres.copy()
    known = lengths > 0
    moved[filled[known]] = sums[known] / lengths[known, None]
    return moved
