"""Within-artist whitening: how much an artist's own tracks differ says which differences do not matter. Pure numpy.

Each family gets a map of its own, so that families keep their shares in every similarity: the inverse square root of
the covariance of tracks around their artist's mean. With few artists that covariance is uncertain, so it is shrunk
towards a multiple of the identity; how much, is decided by how probable artists are that it has not seen. A shrinkage
of 1 leaves the family as it is. Sources: Hermansky & Malayath, within-class covariance normalisation for speakers
(Hatch, Kajarekar & Stolcke, Interspeech 2006); Ledoit & Wolf, J. Multivariate Analysis 88 (2004), for the shrinkage.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.similarity.arrays import Doubles

FOLDS = 5
MINIMUM_ARTISTS = 50
"""Fewer artists of two or more tracks tell nothing about the others."""
SHRINKAGES = (1.0, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
_MOST_OF_AN_ARTIST = 20.0
"""An artist with more tracks counts as one with so many."""
_NOTHING = 1e-12


def fold_of(artist: str) -> int:
    """The fold of an artist, always the same."""
    return zlib.crc32(artist.encode("utf-8", "surrogatepass")) % FOLDS


@dataclass(frozen=True)
class Scatter:
    """How tracks differ from the mean of their artist: sums over artists."""

    artists: int
    freedom: float
    """Tracks less artists."""
    products: Doubles
    """(d, d) sum of the differences' outer products."""

    @classmethod
    def none(cls, dimensions: int) -> Scatter:
        """Of no artists."""
        return cls(0, 0.0, np.zeros((dimensions, dimensions)))

    @classmethod
    def of_artist(cls, vectors: Doubles) -> Scatter:
        """Of one artist's tracks, (n, d); nothing if there is only one."""
        freedom = len(vectors) - 1
        if freedom < 1:
            return cls.none(vectors.shape[1])
        differences = vectors - vectors.mean(axis=0)
        weight = min(1.0, _MOST_OF_AN_ARTIST / freedom)
        return cls(1, weight * freedom, weight * (differences.T @ differences))

    def __add__(self, other: Scatter) -> Scatter:
        return Scatter(self.artists + other.artists, self.freedom + other.freedom, self.products + other.products)

    def block(self, place: slice) -> Scatter:
        """Of some of the dimensions."""
        return Scatter(self.artists, self.freedom, self.products[place, place])

    def covariance(self, shrinkage: float) -> Doubles:
        """Within-artist covariance, shrunk towards a multiple of the identity."""
        plain = self.products / max(self.freedom, 1.0)
        even = np.eye(len(plain)) * np.trace(plain) / len(plain)
        mixed: Doubles = (1.0 - shrinkage) * plain + shrinkage * even
        return mixed


def total(folds: Sequence[Scatter]) -> Scatter:
    """The sum of all folds."""
    return sum(folds[1:], folds[0])


def choose_shrinkage(folds: Sequence[Scatter]) -> float:
    """The shrinkage under which artists of a fold are most probable, given those of the others; 1 if nothing varies.

    Parameters
    ----------
    folds
        At least two.
    """
    whole = total(folds)
    if np.trace(whole.products) <= _NOTHING:
        return 1.0

    def probability(shrinkage: float) -> float:
        return sum(_log_likelihood(_without(whole, fold).covariance(shrinkage), fold) for fold in folds)

    return max(SHRINKAGES, key=probability)


def _without(whole: Scatter, fold: Scatter) -> Scatter:
    return Scatter(whole.artists - fold.artists, whole.freedom - fold.freedom, whole.products - fold.products)


def _log_likelihood(covariance: Doubles, held_out: Scatter) -> float:
    """Of differences with a normal distribution, without constants; minus infinity if they cannot have it."""
    sign, determinant = np.linalg.slogdet(covariance)
    if sign <= 0:
        return -np.inf
    return -0.5 * float(held_out.freedom * determinant + np.trace(np.linalg.solve(covariance, held_out.products)))


def whitening_matrix(within: Scatter, shrinkage: float, moments: Doubles) -> Doubles:
    """The symmetric map that makes the shrunk within-artist covariance even, and leaves the family its mean length.

    Parameters
    ----------
    moments
        (d, d) mean of the outer products of all tracks' vectors.
    """
    values, axes = np.linalg.eigh(within.covariance(shrinkage))
    if values[-1] <= _NOTHING or np.trace(moments) <= _NOTHING:
        return np.eye(len(values))
    floor = values[-1] * 1e-9
    matrix = (axes / np.sqrt(np.maximum(values, floor))) @ axes.T
    scaled: Doubles = matrix * np.sqrt(np.trace(moments) / np.trace(matrix @ moments @ matrix))
    return scaled
