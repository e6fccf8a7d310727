"""What the operator and the programs agree on: commands, environment, exit codes, summaries.

The operator renders pod templates from this module and the programs parse their arguments with it, so the two
cannot drift apart. It needs the standard library only.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, Self

TERMINATION_MESSAGE_BYTES = 4096
METRICS_PORT = 8080
METRICS_PATH = "/metrics"
LIVE_PATH = "/livez"
READY_PATH = "/readyz"
"""Probes on the metrics port: 200 once a program does its work (the sink: partitions assigned, database answers)."""
DEFAULT_TERMINATION_LOG = "/dev/termination-log"
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


# ---------------------------------------------------------------------------------------------------------------
# Arguments


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'true' nor 'false'")
    return text == "true"


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return key, value


class _PairsAction(argparse.Action):
    def __call__(self, _parser: Any, namespace: Any, values: Any, _option: str | None = None) -> None:
        setattr(namespace, self.dest, {**getattr(namespace, self.dest, {}), values[0]: values[1]})


def _add_argument(parser: argparse.ArgumentParser, item: dataclasses.Field[Any], hint: Any) -> None:
    origin, kind = typing.get_origin(hint), hint
    if origin in (types.UnionType, typing.Union):
        kind = next(part for part in typing.get_args(hint) if part is not type(None))
    required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    options: dict[str, Any] = {"dest": item.name, "required": required, "default": argparse.SUPPRESS}
    options["help"] = item.metadata.get("help", "").replace("%", "%%")
    if origin is tuple:
        kind = typing.get_args(hint)[0]
        options["action"] = "append"
    elif origin is dict:
        parser.add_argument(_option(item.name), type=_pair, action=_PairsAction, metavar="NAME=VALUE", **options)
        return
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        options["choices"] = [str(member) for member in kind]
        kind = str
    parser.add_argument(_option(item.name), type=_boolean if kind is bool else kind, **options)


def _restore(value: Any, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if origin is tuple:
        element = typing.get_args(hint)[0]
        return tuple(_restore(entry, element) for entry in value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value


def _argument(text: str, **options: Any) -> Any:
    return field(metadata={"help": text}, **options)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """A program's command line as a value: ``to_argv`` writes it, ``parse`` reads it."""

    MODULE: ClassVar[str] = ""
    SUMMARY: ClassVar[str] = ""

    def to_argv(self) -> list[str]:
        """Arguments in a stable order; unset optional ones are left out."""
        argv: list[str] = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is None:
                continue
            if isinstance(value, tuple):
                values = [_text(entry) for entry in value]
            elif isinstance(value, dict):
                values = [f"{key}={entry}" for key, entry in sorted(value.items())]
            else:
                values = [_text(value)]
            argv.extend(f"{_option(item.name)}={text}" for text in values)
        return argv

    @classmethod
    def command(cls) -> list[str]:
        """The program's command in an image, without its arguments."""
        return ["python", "-m", cls.MODULE]

    @classmethod
    def parse(cls, argv: Sequence[str] | None = None) -> Self:
        """Read a command line; argparse explains a wrong one and exits with 2 (``ExitCode.CONFIGURATION``)."""
        parser = argparse.ArgumentParser(prog=f"python -m {cls.MODULE}", description=cls.SUMMARY)
        hints = typing.get_type_hints(cls)
        for item in dataclasses.fields(cls):
            _add_argument(parser, item, hints[item.name])
        given = vars(parser.parse_args(argv))
        try:
            return cls(**{name: _restore(value, hints[name]) for name, value in given.items()})
        except ValueError as error:
            parser.error(str(error))


@dataclass(frozen=True, kw_only=True)
class SourceArguments(Arguments):
    """What both extract and verify need to list a batch: the two must see the same tracks."""

    catalogue: str = _argument("catalogue that the tracks belong to")
    batch: str = _argument("name of the TrackBatch")
    batch_uid: str = _argument("uid of the TrackBatch; tells two batches of one name apart")
    audio_root: str = _argument("folder with the audio files, walked with all its folders")
    metadata_path: str | None = _argument("CSV with the metadata; not needed for --metadata-format=Tags", default=None)
    metadata_format: MetadataFormat = _argument("how to read the metadata", default=MetadataFormat.AUTO)
    column: dict[str, str] = _argument("flat CSV: field=column, repeatable", default_factory=dict)
    rows_without_audio: RowsWithoutAudio = _argument(
        "whether a metadata row without audio is rejected", default=RowsWithoutAudio.AUTO
    )
    shards: int = _argument("number of shards of the batch", default=1)

    def __post_init__(self) -> None:
        """Check what argparse cannot."""
        if self.shards < 1:
            raise ValueError(f"--shards must be at least 1, not {self.shards}")


@dataclass(frozen=True, kw_only=True)
class ExtractArguments(SourceArguments):
    """One shard of a batch: list, join, decode, analyse, produce."""

    MODULE: ClassVar[str] = "segue_jobs.extract"
    SUMMARY: ClassVar[str] = "Extract the features of one shard of a batch and produce them to Kafka."

    engine: Engine = _argument("which implementation extracts", default=Engine.NATIVE)
    window_position: WindowPosition = _argument("part of the track that is analysed", default=WindowPosition.MIDDLE)
    window_seconds: float = _argument("length of the analysed part", default=30.0)
    minimum_seconds: float = _argument("shorter tracks are rejected as TooShort", default=5.0)
    maximum_megabytes: int = _argument("larger files are rejected as TooLarge", default=2048)
    track_timeout_seconds: float = _argument("a track that takes longer is rejected as TimedOut", default=300.0)

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

    batch_records: int = _argument("records in one transaction at most", default=1000)
    linger_milliseconds: int = _argument("how long a batch that is not full may wait", default=250)


@dataclass(frozen=True, kw_only=True)
class VerifyArguments(SourceArguments):
    """Prove that every listed track is stored or rejected."""

    MODULE: ClassVar[str] = "segue_jobs.verify"
    SUMMARY: ClassVar[str] = "Prove that every listed track of a batch is stored or rejected with a reason."

    stall_seconds: float = _argument("give up when the sink makes no progress for so long", default=120.0)
    started_at: str | None = _argument(
        "when the batch began, as 2026-01-31T12:00:00Z: files added later are no part of it "
        "(without it: the time of the batch's first record)",
        default=None,
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

    catalogue: str = _argument("catalogue to train on")
    run: str = _argument("name of the TrainingRun")
    run_uid: str = _argument("uid of the TrainingRun: a repeated run of one uid publishes one model")
    family: tuple[Family, ...] = _argument("feature family, repeatable", default=tuple(Family))
    k: tuple[int, ...] = _argument("candidate number of clusters, repeatable", default=(8, 16, 32, 64))
    seed: int = _argument("seed of every random choice", default=1)
    maximum_iterations: int = _argument("iterations of KMeans at most", default=50)
    distance: Distance = _argument("KMeans' distance", default=Distance.COSINE)
    promotion: PromotionPolicy = _argument("when the model becomes active", default=PromotionPolicy.IF_NOT_WORSE)
    tolerance: float = _argument("how much worse a measure may be for IfNotWorse", default=0.01)


# ---------------------------------------------------------------------------------------------------------------
# Termination summaries


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _printable(value: Any) -> Any:
    r"""JSON value whose texts are valid UTF-8: a path's undecodable bytes are written as ``\udcNN``."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_printable(entry) for entry in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(entry) for key, entry in value.items()}
    return value


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Each list, mapping and text in a JSON value, by what holds it and its key there."""
    entries = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
    for key, value in entries:
        if isinstance(value, dict | list | str):
            yield holder, key
            yield from _places(value)


_SHORTENING: tuple[tuple[type, int, Callable[[Any], Any]], ...] = (
    (list, 1, lambda value: value[: len(value) // 2]),
    (str, 40, lambda value: value[: len(value) // 2] + "…"),
    (dict, 0, lambda value: dict(list(value.items())[: len(value) // 2])),
)
"""In this order: what may be shortened, down to which length, and how."""


def _shorten(document: dict[str, Any]) -> bool:
    """Make the summary smaller by one step: halve its largest list, else its largest text, else its largest mapping."""
    for kind, least, shorter in _SHORTENING:
        places = [(holder, key) for holder, key in _places(document) if isinstance(holder[key], kind)]
        places = [(holder, key) for holder, key in places if len(holder[key]) > least]
        if places:
            holder, key = max(places, key=lambda place: len(json.dumps(place[0][place[1]])))
            holder[key] = shorter(holder[key])
            return True
    return False


def _is_of_type(value: Any, hint: Any) -> bool:
    """Whether a value read from JSON is what a summary's field holds; whole numbers are counts."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_is_of_type(value, part) for part in parts)
    if origin is dict:
        return isinstance(value, dict) and all(_is_of_type(entry, parts[1]) for entry in value.values())
    if origin is list:
        return isinstance(value, list) and all(_is_of_type(entry, parts[0]) for entry in value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, hint)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a program leaves in its termination message; ``error`` is set when it failed."""

    error: str | None = None
    """Reason and message for people, when the program failed."""

    def encode(self) -> str:
        """JSON of at most 4 KiB; long lists and texts are cut before anything else is lost."""
        document = {
            _camel(item.name): value
            for item in dataclasses.fields(self)
            if (value := getattr(self, item.name)) is not None
        }
        document = _printable(json.loads(json.dumps(document)))
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        while len(text.encode()) > TERMINATION_MESSAGE_BYTES and _shorten(document):
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return text

    @classmethod
    def decode(cls, text: str | None) -> Self | None:
        """Read a termination message; None for one that is not this summary (an old program, a log tail)."""
        try:
            document = json.loads(text or "")
        except ValueError:
            return None
        if not isinstance(document, Mapping):
            return None
        hints = typing.get_type_hints(cls)
        known = {_camel(item.name): item.name for item in dataclasses.fields(cls)}
        given = {known[key]: value for key, value in document.items() if key in known}
        if not all(_is_of_type(value, hints[name]) for name, value in given.items()):
            return None
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class ExtractSummary(Summary):
    """One shard's account."""

    shard: int = 0
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
