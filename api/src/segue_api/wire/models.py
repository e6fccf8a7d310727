"""Models, clusters and the map."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from segue_api.wire.common import CatalogueParameter, Limit, Name, Offset
from segue_api.wire.tracks import Track


class ClusterParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One cluster, and which page of its tracks."""

    number: Annotated[int, Meta(ge=0, le=1_000_000)]
    limit: Limit = 50
    offset: Offset = 0


class ModelParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One version."""

    version: Name
    """``<catalogue>:<number>``, or just the number."""


class DiffParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Two versions to compare."""

    a: Name
    b: Name


class Cluster(Struct, frozen=True, kw_only=True, rename="camel"):
    """A group of tracks that sound alike."""

    number: int
    """Permanent: a cluster keeps its number from one model to the next."""
    name: str
    tracks: int


class ClusterList(Struct, frozen=True, kw_only=True, rename="camel"):
    """The clusters of the active model."""

    catalogue: str
    model: str
    clusters: tuple[Cluster, ...]


class ClusterAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster and its tracks, the most typical first."""

    catalogue: str
    model: str
    cluster: Cluster
    offset: int
    tracks: tuple[Track, ...]


class ModelSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """A version in a few numbers."""

    key: str
    number: int
    run: str
    created: str
    k: int
    tracks: int
    metrics: dict[str, float]


class ModelList(Struct, frozen=True, kw_only=True, rename="camel"):
    """The versions of a catalogue, and which one counts."""

    catalogue: str
    active: str | None
    previous: str | None
    pinned: bool
    by: str
    reason: str
    updated: str | None
    serving: str
    """The version that this replica answers with."""
    models: tuple[ModelSummary, ...]


class ModelAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A version, without the parts that only programs read."""

    catalogue: str
    active: bool
    model: ModelSummary
    candidates: dict[str, dict[str, float]]
    """Measures of each number of clusters that was tried."""
    excluded_by_reason: dict[str, int]
    families: tuple[str, ...]


class ActiveModelBody(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which version becomes the active one."""

    model: Name
    """``<catalogue>:<number>``, or just the number."""
    expected: Name | UnsetType | None = UNSET
    """The version that must be active now, null for none; left out, any may be."""
    pin: bool | UnsetType = UNSET
    """True keeps training runs from replacing it; false lets them again, if it is the active version. Left out, a pin
    stays as it is."""
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ActiveModelAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """The pointer after the change."""

    catalogue: str
    active: str
    previous: str | None
    pinned: bool
    by: str
    reason: str
    updated: str
