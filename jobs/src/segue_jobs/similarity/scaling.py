"""From raw features to unit vectors, exactly as the model was trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from segue_jobs.models import Scaler
from segue_jobs.similarity.arrays import BLOCK_ROWS, Booleans, Doubles, Singles

_CONSTANT = 1e-12
"""A deviation below this share of the mean is the rounding error of a constant."""
_ZERO_NORM = 1e-9


@dataclass(frozen=True)
class UnitRows:
    """Unit vectors, and which rows have none."""

    rows: Singles
    """(n, d) of length 1; a zero vector stays zero."""
    zero: Booleans
    """(n,) true where the vector is zero: it has no direction and no cosine."""


@dataclass(frozen=True)
class Scaling:
    """A model's scaler as arrays; all are (d,) except ``clip``, in deviations."""

    mean: Doubles
    factor: Doubles
    """1 / deviation, 0 for a constant dimension."""
    weights: Doubles
    clip: float

    @classmethod
    def from_model(cls, scaler: Scaler) -> Self:
        """Read a model's scaler.

        Raises
        ------
        ValueError
            Its parts differ in length, or hold a negative, infinite or missing number.
        """
        mean, deviation, weights = (
            np.asarray(part, dtype=np.float64) for part in (scaler.mean, scaler.deviation, scaler.weights)
        )
        if not mean.shape == deviation.shape == weights.shape:
            raise ValueError(
                f"scaler: {mean.size} means, {deviation.size} deviations and {weights.size} weights do not fit together"
            )
        if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and np.isfinite(weights).all()):
            raise ValueError("scaler: a number is not finite")
        if (deviation < 0).any() or (weights < 0).any() or not scaler.clip > 0:
            raise ValueError("scaler: deviations and weights must not be negative, and clip must be positive")
        varies = deviation > _CONSTANT * np.abs(mean)
        factor = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=varies)
        return cls(mean=mean, factor=factor, weights=weights, clip=float(scaler.clip))

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.mean.size)

    def standardise(self, raw: Doubles) -> Doubles:
        """Deviations from the catalogue's mean, clipped; constant dimensions become 0.

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
            The shape is not (n, d), or a number is NaN or infinite; the message names the first such row.
        """
        raw = np.asarray(raw, dtype=np.float64)
        if raw.ndim != 2 or raw.shape[1] != self.dimensions:
            raise ValueError(f"features have shape {raw.shape}, the model has {self.dimensions} dimensions")
        finite = np.isfinite(raw).all(axis=1)
        if not finite.all():
            raise ValueError(f"row {int(np.argmin(finite))}: a feature is not finite")
        return np.clip((raw - self.mean) * self.factor, -self.clip, self.clip)

    def normalise(self, standardised: Doubles) -> UnitRows:
        """Weighted rows at unit length.

        Parameters
        ----------
        standardised
            (n, d), from `standardise`.
        """
        weighted = standardised * self.weights
        norms = np.linalg.norm(weighted, axis=1)
        zero = norms <= _ZERO_NORM
        weighted /= np.where(zero, 1.0, norms)[:, None]
        weighted[zero] = 0.0
        return UnitRows(rows=weighted.astype(np.float32), zero=zero)

    def to_unit(self, raw: Doubles) -> UnitRows:
        """`standardise` and `normalise`, block by block: beside the result only a few megabytes are used.

        Parameters
        ----------
        raw
            (n, d) features as extracted.

        Raises
        ------
        ValueError
            As `standardise`.
        """
        rows = np.zeros((len(raw), self.dimensions), dtype=np.float32)
        zero = np.zeros(len(raw), dtype=np.bool_)
        for start in range(0, len(raw), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            try:
                unit = self.normalise(self.standardise(raw[block]))
            except ValueError as error:
                raise ValueError(f"rows from {start}: {error}") from error
            rows[block], zero[block] = unit.rows, unit.zero
        return UnitRows(rows=rows, zero=zero)
