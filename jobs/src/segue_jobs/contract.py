"""What the operator and the programs agree on: commands, environment, exit codes, summaries.

The operator renders pod templates from this module and the programs parse their arguments with it, so the two
cannot drift apart. It needs the standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import ClassVar

from segue_jobs.commandline import Arguments, argument
from segue_jobs.summary import Summary

METRICS_PORT = 8080
METRICS_PATH = "/metrics"
LIVE_PATH = "/livez"
READY_PATH = "/readyz"
"""Probes on the metrics port: 200 once a program does its work (the sink: partitions assigned, database answers)."""
DEFAULT_TERMINATION_LOG = "/dev/termination-log"
SASL_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
"""Of Kafka: those that go by a user and a password."""
SOURCE_MOUNT_PATH = "/source"
TRAIN_APPLICATION_FILE = "local:///opt/segue/train.py"
"""The training program inside the Spark image; the local cluster resolves it to ``segue_jobs.train.__main__``."""


class ExitCode(IntEnum):
    """How a program ends; the Job's podFailurePolicy reads these."""

    DONE = 0
    RETRY = 1
    CONFIGURATION = 2
    """Arguments or environment are wrong: a retry cannot help."""
    UNRECOVERABLE = 3
    """This shard (or run) cannot succeed with its input: do not retry it, go on with the others."""


class Env(StrEnum):
    """Names of the environment variables that the programs read."""

    KAFKA_BOOTSTRAP = "KAFKA_BOOTSTRAP"
    KAFKA_SECURITY_PROTOCOL = "KAFKA_SECURITY_PROTOCOL"
    KAFKA_SASL_MECHANISM = "KAFKA_SASL_MECHANISM"
    KAFKA_USERNAME = "KAFKA_USERNAME"
    KAFKA_PASSWORD = "KAFKA_PASSWORD"  # noqa: S105 - the variable's name, not a password
    KAFKA_CA_FILE = "KAFKA_CA_FILE"
    MONGODB_URI = "MONGODB_URI"
    DATABASE = "SEGUE_DATABASE"
    TOPIC_PREFIX = "SEGUE_TOPIC_PREFIX"
    TOPIC_CREATE = "SEGUE_TOPIC_CREATE"
    TOPIC_PARTITIONS = "SEGUE_TOPIC_PARTITIONS"
    METRICS_PORT = "SEGUE_METRICS_PORT"
    TERMINATION_LOG = "SEGUE_TERMINATION_LOG"
    LOG_FORMAT = "SEGUE_LOG_FORMAT"
    LOG_LEVEL = "SEGUE_LOG_LEVEL"
    WORKERS = "SEGUE_WORKERS"
    WORKER_MEGABYTES = "SEGUE_WORKER_MEGABYTES"
    SHARD = "JOB_COMPLETION_INDEX"


class Family(StrEnum):
    """Feature families; each travels on a topic of its own and is a share of every explanation."""

    TIMBRE = "timbre"
    SPECTRAL = "spectral"
    HARMONY = "harmony"
    RHYTHM = "rhythm"


class Engine(StrEnum):
    """Which implementation extracts the features."""

    NATIVE = "Native"
    """One pass over the stream, without librosa: the same numbers."""
    LIBROSA = "Librosa"
    """librosa's own functions: the reference."""


class MetadataFormat(StrEnum):
    """Where a track's title, artist and genres come from."""

    AUTO = "Auto"
    FMA_TRACKS = "FmaTracks"
    FMA_RAW_TRACKS = "FmaRawTracks"
    FLAT = "Flat"
    TAGS = "Tags"
    """No CSV: the tags inside the audio files."""


class RowsWithoutAudio(StrEnum):
    """What a metadata row without an audio file means."""

    AUTO = "Auto"
    """``Ignore`` for the FMA formats, whose CSV describes more tracks than any of its archives, else ``Reject``."""
    REJECT = "Reject"
    IGNORE = "Ignore"


class WindowPosition(StrEnum):
    """Which part of a track is analysed."""

    MIDDLE = "Middle"
    WHOLE = "Whole"


class Distance(StrEnum):
    """KMeans' distance measure."""

    COSINE = "Cosine"
    EUCLIDEAN = "Euclidean"


class PromotionPolicy(StrEnum):
    """When a new model becomes the catalogue's active one."""

    ALWAYS = "Always"
    IF_NOT_WORSE = "IfNotWorse"
    NEVER = "Never"


class Topic(StrEnum):
    """Topics without their prefix; ``<prefix>.<topic>`` is the name on the broker."""

    TRACKS = "tracks"
    REJECTED = "rejected"
    EVENTS = "events"
    FEATURES_TIMBRE = "features.timbre"
    FEATURES_SPECTRAL = "features.spectral"
    FEATURES_HARMONY = "features.harmony"
    FEATURES_RHYTHM = "features.rhythm"

    @classmethod
    def of_family(cls, family: Family) -> Topic:
        """Topic that carries one family's vectors."""
        return cls(f"features.{family}")


class EventType(StrEnum):
    """What a listener did with a track."""

    LIKE = "like"
    PLAY = "play"
    SKIP = "skip"


class Stage(StrEnum):
    """Where in the pipeline a track was rejected."""

    LIST = "list"
    JOIN = "join"
    DECODE = "decode"
    ANALYSE = "analyse"
    SINK = "sink"


class Reason(StrEnum):
    """Why a track was rejected: a closed set."""

    NO_AUDIO = "NoAudio"
    NO_METADATA = "NoMetadata"
    BAD_METADATA = "BadMetadata"
    DUPLICATE_ID = "DuplicateId"
    BAD_NAME = "BadName"
    UNREADABLE = "Unreadable"
    UNSUPPORTED_FORMAT = "UnsupportedFormat"
    EMPTY_FILE = "EmptyFile"
    DECODE_ERROR = "DecodeError"
    DURATION_MISMATCH = "DurationMismatch"
    TOO_SHORT = "TooShort"
    TOO_LARGE = "TooLarge"
    SILENT = "Silent"
    LOW_SAMPLE_RATE = "LowSampleRate"
    NON_FINITE_FEATURE = "NonFiniteFeature"
    TIMED_OUT = "TimedOut"
    CRASHED = "Crashed"
    MALFORMED_RECORD = "MalformedRecord"
    STORE_REFUSED = "StoreRefused"


class Exclusion(StrEnum):
    """Why a stored track is not part of a model: a closed set."""

    MISSING_FAMILY = "MissingFamily"
    NON_FINITE_FEATURE = "NonFiniteFeature"
    LAYOUT_MISMATCH = "LayoutMismatch"
    RECIPE_MISMATCH = "RecipeMismatch"
    ZERO_VECTOR = "ZeroVector"


@dataclass(frozen=True, kw_only=True)
class SourceArguments(Arguments):
    """What both extract and verify need to list a batch: the two must see the same tracks."""

    catalogue: str = argument("catalogue that the tracks belong to")
    batch: str = argument("name of the TrackBatch")
    batch_uid: str = argument("uid of the TrackBatch; tells two batches of one name apart")
    audio_root: str = argument("folder with the audio files, walked with all its folders")
    metadata_path: str | None = argument("CSV with the metadata; not needed for --metadata-format=Tags", default=None)
    metadata_format: MetadataFormat = argument("how to read the metadata", default=MetadataFormat.AUTO)
    column: dict[str, str] = argument("flat CSV: field=column, repeatable", default_factory=dict)
    rows_without_audio: RowsWithoutAudio = argument(
        "whether a metadata row without audio is rejected", default=RowsWithoutAudio.AUTO
    )
    shards: int = argument("number of shards of the batch", default=1)

    def __post_init__(self) -> None:
        """Check what argparse cannot."""
        if self.shards < 1:
            raise ValueError(f"--shards must be at least 1, not {self.shards}")


@dataclass(frozen=True, kw_only=True)
class ExtractArguments(SourceArguments):
    """One shard of a batch: list, join, decode, analyse, produce."""

    MODULE: ClassVar[str] = "segue_jobs.extract"
    SUMMARY: ClassVar[str] = "Extract the features of one shard of a batch and produce them to Kafka."

    engine: Engine = argument("which implementation extracts", default=Engine.NATIVE)
    window_position: WindowPosition = argument("part of the track that is analysed", default=WindowPosition.MIDDLE)
    window_seconds: float = argument("length of the analysed part", default=30.0)
    minimum_seconds: float = argument("shorter tracks are rejected as TooShort", default=5.0)
    maximum_megabytes: int = argument("larger files are rejected as TooLarge", default=2048)
    track_timeout_seconds: float = argument("a track that takes longer is rejected as TimedOut", default=300.0)

    def __post_init__(self) -> None:
        """Check what argparse cannot."""
        super().__post_init__()
        if self.window_seconds <= 0:
            raise ValueError(f"--window-seconds must be positive, not {self.window_seconds}")


@dataclass(frozen=True, kw_only=True)
class SinkArguments(Arguments):
    """The consumer group that writes tracks, rejections and events to MongoDB."""

    MODULE: ClassVar[str] = "segue_jobs.sink"
    SUMMARY: ClassVar[str] = "Write tracks, rejections and events from Kafka to MongoDB."

    batch_records: int = argument("records in one transaction at most", default=1000)
    linger_milliseconds: int = argument("how long a batch that is not full may wait", default=250)


@dataclass(frozen=True, kw_only=True)
class VerifyArguments(SourceArguments):
    """Prove that every listed track is stored or rejected."""

    MODULE: ClassVar[str] = "segue_jobs.verify"
    SUMMARY: ClassVar[str] = "Prove that every listed track of a batch is stored or rejected with a reason."

    stall_seconds: float = argument("give up when the sink makes no progress for so long", default=120.0)
    started_at: str | None = argument(
        "when the batch began, as 2026-01-31T12:00:00Z: files added later are no part of it "
        "(without it: the time of the batch's first record)",
        default=None,
    )
    recipe: tuple[str, ...] = argument(
        "recipe that the batch was extracted by, repeatable: a track that an earlier batch stored under another one "
        "counts as missing (without any, recipes are not compared)",
        default=(),
    )

    def __post_init__(self) -> None:
        """Check what argparse cannot."""
        super().__post_init__()
        if self.started_at is not None and datetime.fromisoformat(self.started_at).tzinfo is None:
            raise ValueError(f"--started-at needs a time zone, as 2026-01-31T12:00:00Z, not {self.started_at!r}")


@dataclass(frozen=True, kw_only=True)
class TrainArguments(Arguments):
    """One training run."""

    MODULE: ClassVar[str] = "segue_jobs.train"
    SUMMARY: ClassVar[str] = "Load a catalogue, publish its features, read them back, cluster them, publish the model."

    catalogue: str = argument("catalogue to train on")
    run: str = argument("name of the TrainingRun")
    run_uid: str = argument("uid of the TrainingRun: a repeated run of one uid publishes one model")
    family: tuple[Family, ...] = argument("feature family, repeatable", default=tuple(Family))
    k: tuple[int, ...] = argument("candidate number of clusters, repeatable", default=(8, 16, 32, 64))
    seed: int = argument("seed of every random choice", default=1)
    maximum_iterations: int = argument("iterations of KMeans at most", default=50)
    distance: Distance = argument("KMeans' distance", default=Distance.COSINE)
    promotion: PromotionPolicy = argument("when the model becomes active", default=PromotionPolicy.IF_NOT_WORSE)
    tolerance: float = argument("how much worse a measure may be for IfNotWorse", default=0.01)


@dataclass(frozen=True, kw_only=True)
class ExtractSummary(Summary):
    """One shard's account."""

    shard: int = 0
    recipe: str = ""
    """By which it extracted, and by which tracks counted as done."""
    listed: int = 0
    extracted: int = 0
    skipped: int = 0
    """Already done: same audio, same recipe."""
    rejected: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False
    """Ended early by SIGTERM: the shard is to be retried."""


@dataclass(frozen=True, kw_only=True)
class VerifySummary(Summary):
    """The batch's account, read from MongoDB."""

    listed: int = 0
    stored: int = 0
    extracted: int = 0
    skipped: int = 0
    rejected: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    ignored_rows: int = 0
    """Metadata rows without audio, where these are ignored."""
    arrived_later: int = 0
    """Files that were added or changed after the batch was listed: no part of it."""
    missing: int = 0
    first_missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class TrainSummary(Summary):
    """What a training run published."""

    tracks: int = 0
    excluded: int = 0
    excluded_by_reason: dict[str, int] = field(default_factory=dict)
    model: str | None = None
    """Version of the published model, ``<catalogue>:<number>``."""
    k: int = 0
    metrics: dict[str, str] = field(default_factory=dict)
    promoted: bool = False
    decision: str = ""
    """Why it was or was not promoted."""
