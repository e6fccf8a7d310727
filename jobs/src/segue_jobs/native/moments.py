"""Running means and deviations: one pass, bounded memory, no loss of precision if the mean is large."""

from __future__ import annotations

import numpy as np

from segue_jobs.native.filter_banks import Double, Single


class Moments:
    """Mean and population deviation of each row, for pieces that arrive one after another.

    Source: Chan, Golub & LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979).
    """

    def __init__(self, rows: int) -> None:
        self._count = 0
        self._mean = np.zeros(rows)
        self._squares = np.zeros(rows)

    def update(self, piece: Single) -> None:
        """Add a piece, (rows, observations)."""
        count = piece.shape[1]
        if count == 0:
            return
        mean = np.add.reduce(piece, axis=1) / np.float32(count)
        centred = piece - mean[:, None]
        squares = np.einsum("ij,ij->i", centred, centred)
        total = self._count + count
        difference = mean - self._mean
        self._squares += squares + difference * difference * (self._count * count / total)
        self._mean += difference * (count / total)
        self._count = total

    @property
    def mean(self) -> Double:
        """(rows,); zeros before the first observation."""
        return self._mean

    @property
    def std(self) -> Double:
        """(rows,); zeros before the first observation."""
        return np.sqrt(self._squares / max(self._count, 1))
