"""What a recommender holds in memory beside the tracks' names: their vectors, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segue_jobs.contract import Family
from segue_jobs.similarity.arrays import Singles
from segue_jobs.similarity.proximity import ProximityStatistics
from segue_jobs.similarity.search import CellIndex

NOT_STORED = "NotStored"
"""Reason of a track that was part of the training, and is stored no more."""


@dataclass(frozen=True)
class Absence:
    """Why a known track is not in the model."""

    reason: str
    """One of `contract.Exclusion` or `contract.Reason`, or `NOT_STORED`."""
    message: str


@dataclass(frozen=True, kw_only=True)
class Space:
    """The model's tracks as vectors; all (n, ...) by row of `Tracks`."""

    index: CellIndex
    proximity: ProximityStatistics
    reference: Singles
    """(r, d) vectors of the reference tracks."""
    aspects: Singles
    """(n, aspects) of `similarity.aspects`."""
    slices: Mapping[Family, slice]
