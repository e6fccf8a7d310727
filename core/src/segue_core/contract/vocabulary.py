"""Names and closed sets that the operator and the programs share: environment, exit codes, topics, reasons."""

from __future__ import annotations

from enum import IntEnum, StrEnum

METRICS_PORT = 8080
METRICS_PATH = "/metrics"
LIVE_PATH = "/livez"
READY_PATH = "/readyz"
"""Probes on the metrics port: 200 once a program does its work (the sink: partitions assigned, database answers)."""
DEFAULT_TERMINATION_LOG = "/dev/termination-log"
SASL_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
"""Kafka's mechanisms that take a username and a password."""
SOURCE_MOUNT_PATH = "/source"
PUBLISHED_EAR = "musicnn-msd"
"""The ear that Segue can fetch; others are named by the path of their description."""
TRAIN_APPLICATION_FILE = "local:///opt/segue/train.py"
"""The training program inside the Spark image; the local cluster resolves it to ``segue_jobs.train.__main__``."""


class ExitCode(IntEnum):
    """How a program ends; the Job's podFailurePolicy acts on it."""

    DONE = 0
    RETRY = 1
    CONFIGURATION = 2
    """The arguments or the environment are wrong: a retry cannot help."""
    UNRECOVERABLE = 3
    """This shard (or run) cannot succeed with its input: do not retry it, continue with the others."""
    OUTAGE = 4
    """Kafka, MongoDB or the audio folder went away: try again, and do not count it as a failure of the shard."""


class Env(StrEnum):
    """Environment variables that the programs read."""

    KAFKA_BOOTSTRAP = "KAFKA_BOOTSTRAP"
    KAFKA_SECURITY_PROTOCOL = "KAFKA_SECURITY_PROTOCOL"
    KAFKA_SASL_MECHANISM = "KAFKA_SASL_MECHANISM"
    KAFKA_USERNAME = "KAFKA_USERNAME"
    KAFKA_PASSWORD = "KAFKA_PASSWORD"  # noqa: S105 - the variable's name, not a password
    KAFKA_PASSWORD_FILE = "KAFKA_PASSWORD_FILE"  # noqa: S105
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
    MODELS = "SEGUE_MODELS"
    SHARD = "JOB_COMPLETION_INDEX"
    API_HOST = "SEGUE_API_HOST"
    API_PORT = "SEGUE_API_PORT"
    API_CATALOGUES = "SEGUE_API_CATALOGUES"
    API_KEYS_FILE = "SEGUE_API_KEYS_FILE"
    API_AUDIO_FILE = "SEGUE_API_AUDIO_FILE"
    API_STREAMS = "SEGUE_API_STREAMS"
    API_CACHE = "SEGUE_API_CACHE"
    API_THREADS = "SEGUE_API_THREADS"
    API_QUEUE = "SEGUE_API_QUEUE"
    API_TRUSTED_PROXIES = "SEGUE_API_TRUSTED_PROXIES"
    API_POLL_MILLISECONDS = "SEGUE_API_POLL_MILLISECONDS"


class Family(StrEnum):
    """Feature families; each has its own topic, and its own share in every explanation."""

    TIMBRE = "timbre"
    SPECTRAL = "spectral"
    HARMONY = "harmony"
    RHYTHM = "rhythm"
    LEARNED = "learned"
    """What a network hears; only tracks whose batch asks for it have it."""


ANALYSED_FAMILIES = (Family.TIMBRE, Family.SPECTRAL, Family.HARMONY, Family.RHYTHM)
"""The families that every track has, and that a model has unless it says otherwise."""


class Engine(StrEnum):
    """Implementation that extracts the features."""

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
    """``Ignore`` for the FMA formats, whose CSV describes more tracks than any archive contains; else ``Reject``."""
    REJECT = "Reject"
    IGNORE = "Ignore"


class MissingPolicy(StrEnum):
    """What happens to a track whose file is gone from its source."""

    KEEP = "Keep"
    """It is still recommended."""
    HIDE = "Hide"
    """It is hidden until its file returns; nothing is deleted."""
    DELETE = "Delete"
    """It is deleted; its id stays bound to its audio."""


class WindowPosition(StrEnum):
    """Which part of a track is analysed."""

    MIDDLE = "Middle"
    WHOLE = "Whole"


class Distance(StrEnum):
    """Distance measure of KMeans."""

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
    FEATURES_LEARNED = "features.learned"

    @classmethod
    def of_family(cls, family: Family) -> Topic:
        """The topic for one family's vectors."""
        return cls(f"features.{family}")


class SinkFeed(StrEnum):
    """What a sink writes; each feed has a consumer group of its own."""

    TRACKS = "tracks"
    """A batch's tracks and their rejections."""
    EVENTS = "events"
    """Listeners' events, and the profiles that follow from them."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Topics that such a sink reads."""
        return (Topic.TRACKS, Topic.REJECTED) if self is SinkFeed.TRACKS else (Topic.EVENTS,)


class EventType(StrEnum):
    """What a listener did with a track, or said about themselves."""

    LIKE = "like"
    DISLIKE = "dislike"
    CLEAR = "clear"
    """Takes a like or a dislike back."""
    PLAY = "play"
    SKIP = "skip"
    PREFERENCES = "preferences"
    """States the taste anew; what was stated before no longer counts."""
    ERASE = "erase"
    """Erases the listener: the profile, and every event up to this one."""

    @property
    def concerns_track(self) -> bool:
        """Whether such an event names a track."""
        return self not in (EventType.PREFERENCES, EventType.ERASE)


class Role(StrEnum):
    """What the holder of a key of the service may do."""

    ADMIN = "admin"
    """Everything."""
    LISTENER = "listener"
    """Questions about the catalogues, and everything of one listener."""
    INGEST = "ingest"
    """Sending events of any listener, and nothing else."""


class Stage(StrEnum):
    """Stage of the pipeline at which a track was rejected."""

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
    ID_TAKEN = "IdTaken"
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


ALTERNATIVE = "Alternative"
"""Shown where a `Reason` would be, for a file that was not taken: its track is stored, from another file."""


class Exclusion(StrEnum):
    """Why a stored track is not part of a model: a closed set."""

    MISSING_FAMILY = "MissingFamily"
    NON_FINITE_FEATURE = "NonFiniteFeature"
    LAYOUT_MISMATCH = "LayoutMismatch"
    RECIPE_MISMATCH = "RecipeMismatch"
    ZERO_VECTOR = "ZeroVector"
