"""The documents of a published model: training writes them, recommendation reads them.

A model is immutable. Its scaler standardises the features of any track (collection ``tracks``), so a new track can be
placed without another training, and reading a model needs no Java. The vectors of the tracks that it was trained on
belong to the version itself (see `segue_core.store.vectors`): it stays usable when the tracks are extracted again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from segue_core.contract import Distance, Exclusion, Family, PromotionPolicy
from segue_core.contract.times import timestamp
from segue_core.store.records import EarNote

MODEL_SCHEMA_VERSION = 2
"""What this release writes, of a model without maps."""
MAPPED_SCHEMA_VERSION = 3
"""Of a model with maps of its families, which programs that know none would overlook."""
READABLE_SCHEMA_VERSIONS = (1, MODEL_SCHEMA_VERSION, MAPPED_SCHEMA_VERSION)
"""Version 1 has no moments: readers compute them from the tracks."""
_NUMBER_LENGTH = 18


class FamilyLayout(Struct, frozen=True, kw_only=True, rename="camel"):
    """A family's part of the model's vector: families follow each other in the order of the model's list."""

    family: Family
    dimensions: tuple[str, ...]


class FamilyMap(Struct, frozen=True, kw_only=True, rename="camel"):
    """A linear map of one family's weighted numbers."""

    family: Family
    start: int
    """The family's first dimension, before any map."""
    matrix: tuple[tuple[float, ...], ...]
    """(dimensions after, dimensions before)"""


class Scaler(Struct, frozen=True, kw_only=True, rename="camel"):
    """Brings raw numbers to the model's space.

    ``(x - mean) / deviation``, clipped, weighted, mapped family by family, scaled to unit length.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Sample deviation (``ddof=1``, as in Spark's StandardScaler); 0 marks a constant dimension, which becomes 0."""
    clip: float
    weights: tuple[float, ...]
    maps: tuple[FamilyMap, ...] = ()
    """In the order of the families; a family without one stays as it is."""
    shrinkage: dict[Family, float] = {}
    """Of each family's within-artist whitening, which is part of its map; 1 left the family as it was."""

    @property
    def schema_version(self) -> int:
        """Of the model's document."""
        return MAPPED_SCHEMA_VERSION if self.maps else MODEL_SCHEMA_VERSION


class SpaceMoments(Struct, frozen=True, kw_only=True, rename="camel"):
    """Moments of the unit vectors that a model was trained on: how far a track usually is from the others."""

    tracks: int
    mean: tuple[float, ...]
    """(d,)"""
    covariance: tuple[tuple[float, ...], ...]
    """Lower triangle: the i-th row has i + 1 numbers."""


class FeatureRanges(Struct, frozen=True, kw_only=True, rename="camel"):
    """How the values of each dimension of the model's space were spread in the training."""

    edges: tuple[tuple[float, ...], ...]
    """(d, 9) the values between ten ranges of about a tenth of the tracks."""
    shares: tuple[tuple[float, ...], ...]
    """(d, 10) share of the tracks in each range; uneven where many values are equal."""


class Candidate(Struct, frozen=True, kw_only=True, rename="camel"):
    """A number of clusters: its measures, or why it was not tried."""

    k: int
    metrics: dict[str, float] = {}
    skipped: str | None = None


class PartitionRange(Struct, frozen=True, kw_only=True, rename="camel"):
    """Offsets ``start <= offset < end`` of one partition."""

    topic: str
    partition: int
    start: int
    end: int


class Difference(Struct, frozen=True, kw_only=True, rename="camel"):
    """One measure of two sets of lists for the same tracks."""

    metric: str
    before: float
    after: float
    low: float
    high: float
    """95 % interval of ``after - before``, by a bootstrap over artists."""


class Comparison(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a training found when it measured its model beside the version that was active."""

    model: str
    """Key of the active version."""
    tracks: int
    """Number of tracks whose lists were compared."""
    today: tuple[Difference, ...] = ()
    """From the active version to the new one, both on the features of today; empty if they cannot be compared."""
    changed: int = 0
    """Number of the compared tracks whose features have changed since the active version was trained."""
    decay: tuple[Difference, ...] = ()
    """From the active version as it was trained to the same on the features of today; empty if none has changed."""
    remainder: tuple[Difference, ...] = ()
    """From the active version as it was trained to the new one, on the same tracks as ``decay``."""


class ModelDocument(Struct, frozen=True, kw_only=True, rename="camel"):
    """An immutable model version, collection ``models``, ``_id`` = ``<catalogue>:<number>``."""

    catalogue: str
    number: int
    run: str
    run_uid: str
    created: str
    """RFC 3339, UTC."""
    feature_set: str
    recipe: str
    """The recipe of all vectors in the model."""
    layout: tuple[FamilyLayout, ...]
    scaler: Scaler
    k: int
    centres: tuple[tuple[float, ...], ...]
    """(k, d), unit rows for the cosine distance."""
    cluster_numbers: tuple[int, ...] = ()
    """Permanent number of each cluster, ascending: a cluster that continues one of the previously active model keeps
    its number. Empty if clusters were not tracked: then their indexes are their numbers."""
    cluster_names: tuple[str, ...] = ()
    """Name of each cluster; one that keeps its number keeps its name. Empty in schema version 1."""
    cluster_sizes: tuple[int, ...] = ()
    """Number of tracks in each cluster; empty in schema version 1."""
    next_cluster_number: int = 0
    """The first number that no cluster of the catalogue has ever had."""
    sample_tracks: int = 0
    """Number of tracks in the sample that k was chosen and measured on; 0 if unknown."""
    distance: Distance
    seed: int
    maximum_iterations: int
    metrics: dict[str, float]
    candidates: tuple[Candidate, ...]
    snapshot: tuple[PartitionRange, ...]
    """Exactly what was read from Kafka."""
    moments: SpaceMoments | None = None
    """For mutual proximity; None in schema version 1."""
    feature_ranges: FeatureRanges | None = None
    """What later tracks are compared with; None in versions of earlier releases."""
    tracks: int
    vector_chunks: int = 0
    """Number of documents in ``model_vectors`` that hold the vectors of its tracks; 0 for a version of an earlier
    release, which has none."""
    excluded_by_reason: dict[Exclusion, int]
    comparison: Comparison | None = None
    """None for a catalogue's first version, and in schema version 1."""
    promotion: PromotionPolicy
    ear: EarNote | None = None
    """The network of the family learned, with its licence; None for a model without it."""
    schema_version: int = MODEL_SCHEMA_VERSION

    @property
    def key(self) -> str:
        """``<catalogue>:<number>``."""
        return model_key(self.catalogue, self.number)

    @property
    def width(self) -> int:
        """Dimensions of the model's space."""
        changes = (len(part.matrix) - len(part.matrix[0]) for part in self.scaler.maps if part.matrix)
        return sum(len(part.dimensions) for part in self.layout) + sum(changes)


class Assignment(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A track in a model, collection ``assignments``, ``_id`` = ``<model>:<track id>``.

    Either ``cluster`` is set, or ``excluded`` says why the track is not in the model.
    """

    model: str
    catalogue: str
    track_id: str
    cluster: int | None = None
    distance: float | None = None
    """Cosine distance to the cluster's centre."""
    excluded: Exclusion | None = None
    message: str | None = None


class CatalogueDocument(Struct, frozen=True, kw_only=True, rename="camel"):
    """A catalogue's pointer to its active model, collection ``catalogues``, ``_id`` = ``<catalogue>``.

    Fields with a default are missing in documents of earlier releases.
    """

    catalogue: str
    active_model: str
    """`model_key` of the active version."""
    previous_model: str | None = None
    """The version that was active before; None if there was none, or it is unknown."""
    pinned: bool = False
    """Whether training runs must leave the active version in place."""
    by: str = ""
    """Who made the last change: ``TrainingRun demo/weekly``, ``segue models activate``, ``api key NAME``."""
    reason: str = ""
    """Why, in a sentence."""
    updated: str
    """When, RFC 3339, UTC."""
    revision: int = 0
    """Number of changes; a change applies only to the revision that it was decided on."""


def now() -> str:
    """The current time as RFC 3339, UTC."""
    return timestamp(datetime.now(UTC))


def model_key(catalogue: str, number: int) -> str:
    """MongoDB ``_id`` of a model version."""
    return f"{catalogue}:{number}"


def version_key(catalogue: str, version: str) -> str:
    """Key of a version that a person names by its number or by its key."""
    is_number = version.isascii() and version.isdecimal() and len(version) <= _NUMBER_LENGTH
    return model_key(catalogue, int(version)) if is_number else version
