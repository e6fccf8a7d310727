"""Places stored tracks into a model, as its training would have placed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.contract import Exclusion
from segue_core.features.recipes import dimension_names, restrict
from segue_core.features.vectors import find_flaw
from segue_core.recommend.space import Absence
from segue_core.similarity.arrays import Booleans, Doubles, Singles
from segue_core.similarity.aspects import aspect_values
from segue_core.similarity.proximity import Moments
from segue_core.similarity.scaling import Scaling
from segue_core.store.models import ModelDocument
from segue_core.store.records import TrackRecord

_QUANTILES = np.linspace(0.0, 1.0, 101)
ZERO_VECTOR = Absence(Exclusion.ZERO_VECTOR, "all its features equal the catalogue's mean")


@dataclass(frozen=True)
class Located:
    """Vectors of some tracks, in their order."""

    units: Singles
    """(m, d) unit rows; zero where there is no direction."""
    zero: Booleans
    """(m,)"""
    aspects: Singles
    """(m, aspects), the tempo not filled in."""


class Placing:
    """How a model turns tracks into vectors.

    Raises
    ------
    ValueError
        The model's scaler, layout, centres and moments do not match.
    """

    def __init__(self, model: ModelDocument) -> None:
        self.model = model
        self._scaling = Scaling.from_model(model.scaler)
        self._families = tuple(part.family for part in model.layout)
        self._names = [name for part in model.layout for name in part.dimensions]
        self.centres: Singles = np.asarray(model.centres, dtype=np.float32)
        dimensions, width = self._scaling.dimensions, self._scaling.width
        if self.centres.shape != (model.k, width) or dimensions != len(self._names):
            raise ValueError(
                f"model {model.key}: centres of shape {self.centres.shape} and {dimensions} scaled dimensions do not "
                f"fit k={model.k}, {len(self._names)} dimensions and vectors of {width}"
            )

        self.moments = None if model.moments is None else Moments.from_model(model.moments, self.width)

    @property
    def width(self) -> int:
        """Dimensions of a vector."""
        return self._scaling.width

    def misfit(self, record: TrackRecord) -> Absence | None:
        """Why the track does not fit the model; None if it does."""
        for part in self.model.layout:
            if dimension_names(part.family, record.recipe) is None:
                return Absence(
                    Exclusion.MISSING_FAMILY,
                    f"it has no {part.family} features: extract it again with a TrackBatch that has extraction.learned",
                )
        if restrict(record.recipe, self._families) != self.model.recipe:
            return Absence(
                Exclusion.RECIPE_MISMATCH,
                f"it was extracted with recipe {record.recipe}, the model with {self.model.recipe}: train again",
            )
        for part in self.model.layout:
            if flaw := find_flaw(part.family, record.families.get(part.family), part.dimensions):
                return Absence(flaw.reason, flaw.message)
        return None

    def raw(self, record: TrackRecord) -> tuple[float, ...]:
        """Features of a track that fits, in the model's order."""
        return tuple(value for part in self.model.layout for value in record.families[part.family])

    def locate(self, raw: Sequence[tuple[float, ...]]) -> Located:
        """Vectors and aspects of features from `raw`."""
        features = np.array(raw, dtype=np.float64).reshape(len(raw), len(self._names))
        standardised = self._scaling.standardise(features)
        unit = self._scaling.normalise(standardised)
        return Located(units=unit.rows, zero=unit.zero, aspects=aspect_values(standardised, self._names))

    def aspects(self, rows: Singles, norms: Singles) -> Singles:
        """Aspects of vectors of the training, as `store.vectors` keeps them; (m, aspects), the tempo not filled in."""
        return aspect_values(self._scaling.restore(rows, norms), self._names)


@dataclass(frozen=True)
class TrainedDistances:
    """How far the training's tracks lie from the centres of their clusters."""

    quantiles: Doubles
    """Ascending, evenly spaced from the smallest to the largest; empty if unknown."""

    @classmethod
    def of(cls, distances: Doubles) -> TrainedDistances:
        """Summarise distances."""
        return cls(np.quantile(distances, _QUANTILES) if len(distances) else np.empty(0))

    def confidence(self, distances: Doubles) -> Singles:
        """Share of the training's tracks that lie farther out than each distance; (m,); 0 if unknown."""
        if not len(self.quantiles):
            return np.zeros(len(distances), dtype=np.float32)
        farther = 1.0 - np.interp(distances, self.quantiles, _QUANTILES)
        return farther.astype(np.float32)
