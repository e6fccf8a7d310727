"""Documents of a published model: what training writes and recommendation reads.

A model is immutable. Vectors are not in it: they are the tracks' own (collection ``tracks``), standardised by the
model's scaler, so that a new track can be placed without training anew and no Java is needed to read a model.
"""

from __future__ import annotations

from msgspec import Struct

from segue_jobs.contract import Distance, Exclusion, Family, PromotionPolicy

MODEL_SCHEMA_VERSION = 1


class FamilyLayout(Struct, frozen=True, kw_only=True, rename="camel"):
    """One family's place in the model's vector: families follow each other in the order of the model's list."""

    family: Family
    dimensions: tuple[str, ...]


class Scaler(Struct, frozen=True, kw_only=True, rename="camel"):
    """From raw numbers to the model's space: ``(x - mean) / deviation``, clipped, weighted, then to unit length."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Sample deviation (``ddof=1``, as Spark's StandardScaler); 0 marks a constant dimension, which becomes 0."""
    clip: float
    weights: tuple[float, ...]


class Candidate(Struct, frozen=True, kw_only=True, rename="camel"):
    """One number of clusters that was tried, or why it was not."""

    k: int
    metrics: dict[str, float] = {}
    skipped: str | None = None


class PartitionRange(Struct, frozen=True, kw_only=True, rename="camel"):
    """Offsets ``start <= offset < end`` of one partition."""

    topic: str
    partition: int
    start: int
    end: int


class ModelDocument(Struct, frozen=True, kw_only=True, rename="camel"):
    """One immutable model version, collection ``models``, ``_id`` = ``<catalogue>:<number>``."""

    catalogue: str
    number: int
    run: str
    run_uid: str
    created: str
    """RFC 3339, UTC."""
    feature_set: str
    recipe: str
    """The one recipe whose vectors are in the model."""
    layout: tuple[FamilyLayout, ...]
    scaler: Scaler
    k: int
    centres: tuple[tuple[float, ...], ...]
    """(k, d), unit rows for the cosine distance."""
    cluster_numbers: tuple[int, ...] = ()
    """Lasting number of each cluster, ascending: a cluster that continues one of the model that was active before has
    its number. Empty where clusters were not followed: then their indexes are their numbers."""
    next_cluster_number: int = 0
    """The first number that no cluster of the catalogue has had."""
    sample_tracks: int = 0
    """Tracks of the sample that k was chosen and the measures were taken on; 0 where unknown."""
    distance: Distance
    seed: int
    maximum_iterations: int
    metrics: dict[str, float]
    candidates: tuple[Candidate, ...]
    snapshot: tuple[PartitionRange, ...]
    """What was read from Kafka, exactly."""
    reference: tuple[str, ...]
    """Ids of the tracks whose distances give every track's proximity statistics (mutual proximity)."""
    tracks: int
    excluded_by_reason: dict[Exclusion, int]
    promotion: PromotionPolicy
    schema_version: int = MODEL_SCHEMA_VERSION


class Assignment(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One track in one model, collection ``assignments``, ``_id`` = ``<model>:<track id>``.

    Either ``cluster`` is set, or ``excluded`` says why the track is not in the model.
    """

    model: str
    catalogue: str
    track_id: str
    cluster: int | None = None
    distance: float | None = None
    """Cosine distance to the cluster's centre."""
    proximity_mean: float | None = None
    """Mean of the track's cosine distances to the model's reference tracks."""
    proximity_deviation: float | None = None
    excluded: Exclusion | None = None
    message: str | None = None


class CatalogueDocument(Struct, frozen=True, kw_only=True, rename="camel"):
    """A catalogue's pointer to its active model, collection ``catalogues``, ``_id`` = ``<catalogue>``."""

    catalogue: str
    active_model: str
    """`model_key` of the active version."""
    updated: str
    """RFC 3339, UTC."""


def model_key(catalogue: str, number: int) -> str:
    """MongoDB ``_id`` of a model version."""
    return f"{catalogue}:{number}"
