"""TrackBatch: what to ingest."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from segue_core.contract import Engine, MetadataFormat, MissingPolicy, RowsWithoutAudio, WindowPosition
from segue_operator.kinds.base import (
    MAXIMUM_INT32,
    ApiModel,
    Boolean,
    Count,
    ObjectMeta,
    ResourceName,
    Rule,
    Seconds,
    StatusModel,
    obeys,
)
from segue_operator.kinds.conditions import ResourceStatus
from segue_operator.kinds.constants import API_VERSION, NAME_LENGTH, ApiVersion
from segue_operator.kinds.pod_overrides import PodOverrides

_PARENT = re.compile(r"(^|/)\.\.(/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")

NAME_RULES = (
    Rule(
        f"metadata.name must be at most {NAME_LENGTH} characters long: the names of its Jobs and pods are longer",
        lambda resource: len(resource.metadata.name) <= NAME_LENGTH,
    ),
    Rule(
        "metadata.name must start with a lowercase letter, contain only lowercase letters, digits and '-', "
        "and not end with '-'",
        lambda resource: _NAME.fullmatch(resource.metadata.name) is not None,
    ),
)
INSIDE_VOLUME = Rule(
    "must be a relative path inside the volume, without '..' or control characters",
    lambda path: not (path.startswith("/") or _PARENT.search(path) or _CONTROL.search(path)),
)
ABSOLUTE = Rule(
    "must be an absolute path without '..' or control characters, for example /srv/music",
    lambda path: path.startswith("/") and not (_PARENT.search(path) or _CONTROL.search(path)),
)

CatalogueName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
PathInVolume = Annotated[str, Field(min_length=1, max_length=1024), obeys(INSIDE_VOLUME)]
AbsolutePath = Annotated[str, Field(min_length=1, max_length=1024), obeys(ABSOLUTE)]
SourceName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
IdPrefix = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
Sha256 = Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{64}$")]
LinkPath = Annotated[str, Field(max_length=4096)]
ColumnName = Annotated[str, Field(min_length=1, max_length=253)]


class PersistentVolumeClaimSource(ApiModel):
    """A claim in the batch's namespace."""

    claim_name: ResourceName


class HostPathSource(ApiModel):
    """A folder on the node, or on your machine with the segue command."""

    path: AbsolutePath


class Volume(ApiModel):
    """Where audio and metadata are; mounted read-only."""

    persistent_volume_claim: PersistentVolumeClaimSource | None = None
    host_path: HostPathSource | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "set exactly one of persistentVolumeClaim and hostPath",
            lambda v: (v.persistent_volume_claim is None) != (v.host_path is None),
        ),
    )


class Columns(ApiModel):
    """Which column of a flat CSV holds which field."""

    id: ColumnName | None = None
    path: ColumnName | None = None
    title: ColumnName | None = None
    artist: ColumnName | None = None
    album: ColumnName | None = None
    genre: ColumnName | None = None
    year: ColumnName | None = None
    duration: ColumnName | None = None
    album_artist: ColumnName | None = None
    disc: ColumnName | None = None
    track: ColumnName | None = None
    sort_title: ColumnName | None = None
    sort_artist: ColumnName | None = None
    sort_album: ColumnName | None = None
    sort_album_artist: ColumnName | None = None
    recording_id: ColumnName | None = None
    release_id: ColumnName | None = None
    isrc: ColumnName | None = None


class Metadata(ApiModel):
    """Where titles, artists and genres come from."""

    path: PathInVolume | None = None
    format: MetadataFormat = MetadataFormat.AUTO
    columns: Columns | None = None
    rows_without_audio: RowsWithoutAudio = RowsWithoutAudio.AUTO

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "path is required: name the CSV file, or set format to Tags to read the tags inside the audio files",
            lambda m: m.format == MetadataFormat.TAGS or m.path is not None,
        ),
        Rule(
            "path must be omitted when format is Tags: no CSV is read",
            lambda m: m.format != MetadataFormat.TAGS or m.path is None,
        ),
        Rule(
            "columns can only be set when format is Flat or Auto: the other formats have fixed columns",
            lambda m: m.columns is None or m.format in (MetadataFormat.FLAT, MetadataFormat.AUTO),
        ),
    )


class Source(ApiModel):
    """What the batch reads."""

    volume: Volume
    audio_path: PathInVolume = "."
    metadata: Metadata
    name: SourceName | None = None
    prefix: IdPrefix | None = None
    missing: MissingPolicy = MissingPolicy.HIDE
    max_missing_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 20


class Window(ApiModel):
    """Which part of each track is analysed."""

    position: WindowPosition = WindowPosition.MIDDLE
    seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 30


class Learned(ApiModel):
    """The network that hears the learned features: the published one, or the one that a file describes."""

    path: PathInVolume | None = None
    sha256: Sha256 | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "path and sha256 belong together: give both, or neither for the network musicnn-msd",
            lambda learned: (learned.path is None) == (learned.sha256 is None),
        ),
    )


class Extraction(ApiModel):
    """How the features are extracted."""

    engine: Engine = Engine.NATIVE
    learned: Learned | None = None
    window: Window = Window()
    minimum_seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 5
    shards: Annotated[int, Field(strict=True, ge=1, le=1024)] = 1
    parallelism: Annotated[int, Field(strict=True, ge=1, le=1024)] = 1
    maximum_megabytes: Annotated[int, Field(strict=True, ge=1, le=1_048_576)] = 2048
    track_timeout_seconds: Annotated[int, Field(strict=True, ge=1, le=86_400)] = 300
    backoff_limit_per_shard: Annotated[int, Field(strict=True, ge=0, le=20)] = 3

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "parallelism must not exceed shards: one pod works on each shard",
            lambda e: e.parallelism <= e.shards,
        ),
    )


class Sink(ApiModel):
    """What the batch asks of the sink that it shares with the other batches of its namespace."""

    replicas: Annotated[int, Field(strict=True, ge=1, le=64)] = 1
    keep_running: Boolean = False


class TrackBatchSpec(ApiModel):
    """What to ingest, and how."""

    catalogue: CatalogueName
    source: Source
    extraction: Extraction = Extraction()
    max_rejected_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 5
    sink: Sink = Sink()
    suspend: Boolean = False
    active_deadline_seconds: Seconds | None = None
    ttl_seconds_after_finished: Annotated[int, Field(strict=True, ge=0, le=MAXIMUM_INT32)] | None = None
    pod_overrides: PodOverrides | None = None


class TrackCounts(StatusModel):
    """Counts of the batch's tracks."""

    listed: Count = 0
    extracted: Count = 0
    skipped: Count = 0
    rejected: Count = 0
    stored: Count = 0
    alternatives: Count = 0
    added: Count = 0
    removed: Count = 0
    moved: Count = 0
    changed: Count = 0

    @property
    def movements(self) -> str:
        """What came, went, moved and changed, for example ``1 came, 2 went``; empty if nothing did, or all is new."""
        if self.added == self.stored and not (self.removed or self.moved or self.changed):
            return ""
        counts = ((self.added, "came"), (self.removed, "went"), (self.moved, "moved"), (self.changed, "changed"))
        return ", ".join(f"{count} {word}" for count, word in counts if count)


class TrackBatchStatus(ResourceStatus):
    """Observed state of a batch."""

    tracks: TrackCounts | None = None
    rejected_by_reason: Annotated[dict[str, Count], Field(max_length=64)] | None = None
    passed_over: Annotated[dict[str, Count], Field(max_length=64)] | None = None
    links_passed_over: Annotated[list[LinkPath], Field(max_length=10)] | None = None


class TrackBatch(ApiModel):
    """One batch of tracks to ingest."""

    api_version: ApiVersion = API_VERSION
    kind: Literal["TrackBatch"] = "TrackBatch"
    metadata: ObjectMeta
    spec: TrackBatchSpec
    status: TrackBatchStatus = TrackBatchStatus()

    RULES: ClassVar[tuple[Rule, ...]] = NAME_RULES
    MUTABLE: ClassVar[frozenset[str]] = frozenset(
        {
            "suspend",
            "source.missing",
            "source.maxMissingPercent",
            "extraction.parallelism",
            "sink.replicas",
            "sink.keepRunning",
            "ttlSecondsAfterFinished",
        }
    )
    """Paths in the spec that may change after creation."""
