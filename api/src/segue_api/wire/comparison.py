"""Two versions of a model, compared."""

from __future__ import annotations

from msgspec import Struct

from segue_api.wire.tracks import Reference


class SeedDiff(Struct, frozen=True, kw_only=True, rename="camel"):
    """One seed's lists under both versions."""

    seed: Reference
    overlap: float
    """Share of the list that is the same."""
    rank_shift: float | None
    """Mean number of places by which the hits in both lists moved."""
    gone: tuple[str, ...]
    arrived: tuple[str, ...]


class ClusterDiff(Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster under both versions; null where it does not exist."""

    number: int
    before: str | None
    before_tracks: int | None
    after: str | None
    after_tracks: int | None


class MeasureDiff(Struct, frozen=True, kw_only=True, rename="camel"):
    """A measure under both versions."""

    name: str
    before: float | None
    after: float | None


class DiffAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """What two versions recommend for the same tracks."""

    catalogue: str
    before: str
    after: str
    common_tracks: int
    only_before: int
    only_after: int
    seeds: int
    """Tracks whose lists were compared."""
    overlap: float | None
    """Mean share of the ten hits that is the same."""
    rank_shift: float | None
    moved: float | None
    """Share of the common tracks that are in another cluster."""
    measures: tuple[MeasureDiff, ...]
    clusters: tuple[ClusterDiff, ...]
    most_changed: tuple[SeedDiff, ...]
