"""TrackBatch: what to ingest."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from segue_jobs.contract import Engine, MetadataFormat, RowsWithoutAudio, WindowPosition
from segue_operator.api.base import (
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
from segue_operator.api.conditions import ResourceStatus
from segue_operator.api.constants import API_VERSION, NAME_LENGTH
from segue_operator.api.pod_overrides import PodOverrides

_PARENT = re.compile(r"(^|/)\.\.(/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")

NAME_RULES = (
    Rule(
        f"metadata.name must be at most {NAME_LENGTH} characters long: its Jobs and pods add to it",
        lambda resource: len(resource.metadata.name) <= NAME_LENGTH,
    ),
    Rule(
        "metadata.name must begin with a lowercase letter and hold only lowercase letters, digits and '-', "
        "not '-' at the end",
        lambda resource: _NAME.fullmatch(resource.metadata.name) is not None,
    ),
)
INSIDE_VOLUME = Rule(
    "must be a path inside the volume: relative, without '..' and without control characters",
    lambda path: not (path.startswith("/") or _PARENT.search(path) or _CONTROL.search(path)),
)
ABSOLUTE = Rule(
    "must be an absolute path without '..' and without control characters, for example /srv/music",
    lambda path: path.startswith("/") and not (_PARENT.search(path) or _CONTROL.search(path)),
)

CatalogueName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
PathInVolume = Annotated[str, Field(min_length=1, max_length=1024), obeys(INSIDE_VOLUME)]
AbsolutePath = Annotated[str, Field(min_length=1, max_length=1024), obeys(ABSOLUTE)]
ColumnName = Annotated[str, Field(min_length=1, max_length=253)]


class PersistentVolumeClaimSource(ApiModel):
    """A claim in the batch's namespace."""

    claim_name: ResourceName


class HostPathSource(ApiModel):
    """A folder of the node, or of one's own machine."""

    path: AbsolutePath


class Volume(ApiModel):
    """Where audio and metadata lie; mounted read-only."""

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
            "path must be left out when format is Tags: no CSV is read then",
            lambda m: m.format != MetadataFormat.TAGS or m.path is None,
        ),
        Rule(
            "columns can be given only when format is Flat or Auto: the other formats have columns of their own",
            lambda m: m.columns is None or m.format in (MetadataFormat.FLAT, MetadataFormat.AUTO),
        ),
    )


class Source(ApiModel):
    """What the batch reads."""

    volume: Volume
    audio_path: PathInVolume = "."
    metadata: Metadata


class Window(ApiModel):
    """Which part of each track is analysed."""

    position: WindowPosition = WindowPosition.MIDDLE
    seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 30


class Extraction(ApiModel):
    """How the features are extracted."""

    engine: Engine = Engine.NATIVE
    window: Window = Window()
    minimum_seconds: Annotated[int, Field(strict=True, ge=1, le=3600)] = 5
    shards: Annotated[int, Field(strict=True, ge=1, le=1024)] = 1
    parallelism: Annotated[int, Field(strict=True, ge=1, le=1024)] = 1
    maximum_megabytes: Annotated[int, Field(strict=True, ge=1, le=1_048_576)] = 2048
    track_timeout_seconds: Annotated[int, Field(strict=True, ge=1, le=86_400)] = 300
    backoff_limit_per_shard: Annotated[int, Field(strict=True, ge=0, le=20)] = 3

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "parallelism must not be larger than shards: a shard is worked on by one pod",
            lambda e: e.parallelism <= e.shards,
        ),
    )


class Sink(ApiModel):
    """The Deployment that writes the batch's records to MongoDB."""

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
    """The batch's account."""

    listed: Count = 0
    extracted: Count = 0
    skipped: Count = 0
    rejected: Count = 0
    stored: Count = 0


class TrackBatchStatus(ResourceStatus):
    """What is known of a batch."""

    tracks: TrackCounts | None = None
    rejected_by_reason: Annotated[dict[str, Count], Field(max_length=64)] | None = None


class TrackBatch(ApiModel):
    """One batch of tracks to ingest."""

    api_version: Literal["segue.dev/v1alpha1"] = API_VERSION
    kind: Literal["TrackBatch"] = "TrackBatch"
    metadata: ObjectMeta
    spec: TrackBatchSpec
    status: TrackBatchStatus = TrackBatchStatus()

    RULES: ClassVar[tuple[Rule, ...]] = NAME_RULES
    MUTABLE: ClassVar[frozenset[str]] = frozenset(
        {"suspend", "extraction.parallelism", "sink.replicas", "sink.keepRunning", "ttlSecondsAfterFinished"}
    )
    """Paths in the spec that may change after creation."""
