"""Turns raw features into unit vectors, exactly as for the model's training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from segue_core.similarity.arrays import Booleans, Doubles, Singles
from segue_core.similarity.family_maps import FamilyMaps
from segue_core.store.models import Scaler

_CONSTANT = 1e-12
"""A deviation below this share of the mean is a constant's rounding error."""
_ZERO_NORM = 1e-9


@dataclass(frozen=True)
class UnitRows:
    """Unit vectors, and which rows cannot have one."""

    rows: Singles
    """(n, d), each of length 1; zero vectors stay zero."""
    zero: Booleans
    """(n,) true if the vector is zero: it has no direction and no cosine."""


@dataclass(frozen=True)
class Scaling:
    """A model's scaler as arrays; all are (d,) except ``clip``, in deviations."""

    mean: Doubles
    factor: Doubles
    """1 / deviation; 0 for a constant dimension."""
    weights: Doubles
    clip: float
    maps: FamilyMaps

    @classmethod
    def from_model(cls, scaler: Scaler) -> Self:
        """Read a model's scaler.

        Raises
        ------
        ValueError
            Its parts differ in length, contain a number that is negative or not finite, or its maps do not fit.
        """
        mean, deviation, weights = (
            np.asarray(part, dtype=np.float64) for part in (scaler.mean, scaler.deviation, scaler.weights)
        )
        if not mean.shape == deviation.shape == weights.shape:
            raise ValueError(
                f"scaler: {mean.size} means, {deviation.size} deviations and {weights.size} weights do not match"
            )
        if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and np.isfinite(weights).all()):
            raise ValueError("scaler: a number is not finite")
        if (deviation < 0).any() or (weights < 0).any() or not scaler.clip > 0:
            raise ValueError("scaler: deviations and weights must not be negative, and clip must be positive")
        varies = deviation > _CONSTANT * np.abs(mean)
        factor = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=varies)
        return cls(
            mean=mean,
            factor=factor,
            weights=weights,
            clip=float(scaler.clip),
            maps=FamilyMaps.of(scaler.maps, mean.size),
        )

    @property
    def dimensions(self) -> int:
        """Number of features of a track."""
        return int(self.mean.size)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self.maps.width

    def standardise(self, raw: Doubles) -> Doubles:
        """Features as deviations from the catalogue's mean, clipped; constant dimensions become 0.

        Parameters
        ----------
        raw
            (n, d) features as extracted.

        Returns
        -------
        (n, d), in standard deviations, within ``-clip..clip``.

        Raises
        ------
        ValueError
            The shape is not (n, d), or a number is not finite; the message names the first such row.
        """
        raw = np.asarray(raw, dtype=np.float64)
        if raw.ndim != 2 or raw.shape[1] != self.dimensions:
            raise ValueError(f"features have shape {raw.shape}, the model has {self.dimensions} dimensions")
        finite = np.isfinite(raw).all(axis=1)
        if not finite.all():
            raise ValueError(f"row {int(np.argmin(finite))}: a feature is not finite")
        return np.clip((raw - self.mean) * self.factor, -self.clip, self.clip)

    def normalise(self, standardised: Doubles) -> UnitRows:
        """Weight the rows, map them and scale them to unit length.

        Parameters
        ----------
        standardised
            (n, d), from `standardise`.
        """
        weighted = self.maps.apply(standardised * self.weights)
        norms = np.linalg.norm(weighted, axis=1)
        zero = norms <= _ZERO_NORM
        weighted /= np.where(zero, 1.0, norms)[:, None]
        weighted[zero] = 0.0
        return UnitRows(rows=weighted.astype(np.float32), zero=zero)

    def restore(self, rows: Singles, norms: Singles) -> Doubles:
        """Standardised features of unit rows: the inverse of `normalise`, as far as the maps have one.

        Parameters
        ----------
        rows
            (n, width) unit rows.
        norms
            (n,) length of each row before it was scaled to 1.

        Returns
        -------
        (n, d), in standard deviations; 0 in a dimension without weight.
        """
        factors = np.divide(1.0, self.weights, out=np.zeros_like(self.weights), where=self.weights > 0)
        restored: Doubles = self.maps.undo(rows.astype(np.float64) * norms.astype(np.float64)[:, None]) * factors
        return restored
