"""What a recommender holds in memory besides the tracks' names: their vectors, and which tracks are absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from segue_core.contract import Family
from segue_core.similarity.arrays import Integers, Singles
from segue_core.similarity.columns import Column
from segue_core.similarity.proximity import Moments, ProximityStatistics
from segue_core.similarity.search import CellIndex

NOT_STORED = "NotStored"
"""Reason for a track that was in the training, but is no longer stored."""
REMOVED = "Removed"
"""Reason for a track that was removed after the catalogue was loaded."""


@dataclass(frozen=True)
class Absence:
    """Why a known track is not in the model."""

    reason: str
    """One of `contract.Exclusion` or `contract.Reason`, `NOT_STORED` or `REMOVED`."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Space:
    """The model's tracks as vectors; rows as in `Tracks`."""

    index: CellIndex
    centres: Singles
    """(k, d) centres of the model's clusters, which are not the cells of the index."""
    moments: Moments
    """Of the tracks that the model was trained on."""
    slices: Mapping[Family, slice]
    mean: Column
    deviation: Column
    aspect_values: Column

    @classmethod
    def of(
        cls,
        index: CellIndex,
        *,
        centres: Singles,
        proximity: ProximityStatistics,
        moments: Moments,
        aspects: Singles,
        slices: Mapping[Family, slice],
    ) -> Space:
        """A space of these arrays; ``proximity`` and ``aspects`` have a row for each of the index."""
        return cls(
            index=index,
            centres=centres,
            moments=moments,
            slices=slices,
            mean=Column(proximity.mean),
            deviation=Column(proximity.deviation),
            aspect_values=Column(aspects),
        )

    @property
    def proximity(self) -> ProximityStatistics:
        """Of all rows."""
        return ProximityStatistics(mean=self.mean.values, deviation=self.deviation.values)

    @property
    def aspects(self) -> Singles:
        """(n, aspects) of `similarity.aspects`."""
        return self.aspect_values.values

    def extended(self, vectors: Singles, proximity: ProximityStatistics, aspects: Singles) -> Space:
        """A space with these rows behind its own."""
        return replace(
            self,
            index=self.index.extended(vectors),
            mean=self.mean.extended(proximity.mean),
            deviation=self.deviation.extended(proximity.deviation),
            aspect_values=self.aspect_values.extended(aspects),
        )

    def taken(self, rows: Integers) -> Space:
        """A space of these rows alone."""
        return replace(
            self,
            index=self.index.taken(rows),
            mean=self.mean.taken(rows),
            deviation=self.deviation.taken(rows),
            aspect_values=self.aspect_values.taken(rows),
        )
