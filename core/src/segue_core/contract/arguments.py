"""The arguments of each program: the operator writes them, the program parses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from segue_core.contract.commandline import Arguments, argument
from segue_core.contract.times import parse_timestamp
from segue_core.contract.vocabulary import (
    ANALYSED_FAMILIES,
    PUBLISHED_EAR,
    Distance,
    Engine,
    Family,
    MetadataFormat,
    MissingPolicy,
    PromotionPolicy,
    RowsWithoutAudio,
    SinkFeed,
    WindowPosition,
)

MAXIMUM_PREFIX_LENGTH = 20
"""An id has at most 512 characters; one from a path at most 480, and ``~2`` may follow."""


@dataclass(frozen=True, kw_only=True)
class SourceArguments(Arguments):
    """What extract and verify need to list a batch: both must see the same tracks."""

    catalogue: str = argument("catalogue that the tracks belong to")
    batch: str = argument("name of the TrackBatch")
    batch_uid: str = argument("uid of the TrackBatch; distinguishes batches of the same name")
    audio_root: str = argument("folder of audio files; subfolders are included")
    metadata_path: str | None = argument("CSV with the metadata; not needed with --metadata-format=Tags", default=None)
    metadata_format: MetadataFormat = argument("how to read the metadata", default=MetadataFormat.AUTO)
    column: dict[str, str] = argument("for a flat CSV: field=column, repeatable", default_factory=dict)
    rows_without_audio: RowsWithoutAudio = argument(
        "whether to reject a metadata row without audio", default=RowsWithoutAudio.AUTO
    )
    shards: int = argument("number of shards in the batch", default=1)
    source: str = argument("name of the source, which owns the ids of its tracks (default: batch:BATCH)", default="")
    prefix: str = argument("text before every id of the source", default="")

    def __post_init__(self) -> None:
        """Check what argparse cannot check."""
        if self.shards < 1:
            raise ValueError(f"--shards must be at least 1, not {self.shards}")
        if len(self.prefix) > MAXIMUM_PREFIX_LENGTH:
            raise ValueError(f"--prefix must have at most {MAXIMUM_PREFIX_LENGTH} characters")


@dataclass(frozen=True, kw_only=True)
class ExtractArguments(SourceArguments):
    """One shard of a batch: list, join, decode, analyse, produce."""

    MODULE: ClassVar[str] = "segue_jobs.extract"
    SUMMARY: ClassVar[str] = "Extract the features of one shard of a batch and send them to Kafka."

    engine: Engine = argument("implementation that extracts the features", default=Engine.NATIVE)
    ear: str | None = argument(
        "network for the learned features: musicnn-msd, or the path of its description (default: no learned features)",
        default=None,
    )
    ear_sha256: str | None = argument("SHA-256 of the description that --ear names by its path", default=None)
    window_position: WindowPosition = argument("part of the track to analyse", default=WindowPosition.MIDDLE)
    window_seconds: float = argument("length of the part to analyse", default=30.0)
    minimum_seconds: float = argument("reject shorter tracks as TooShort", default=5.0)
    volume: str = argument(
        "volume of the audio folder, kept with each track, so that the service finds its file: "
        "persistentVolumeClaim/NAMESPACE/CLAIM or hostPath/PATH",
        default="",
    )
    folder: str = argument("the audio folder in this volume", default=".")
    maximum_megabytes: int = argument("reject larger files as TooLarge", default=2048)
    track_timeout_seconds: float = argument("reject a track as TimedOut if analysing it takes longer", default=300.0)

    def __post_init__(self) -> None:
        """Check what argparse cannot check."""
        super().__post_init__()
        if self.ear_sha256 is not None and self.ear in (None, PUBLISHED_EAR):
            raise ValueError("--ear-sha256 needs the path of a description in --ear")
        if self.window_seconds <= 0:
            raise ValueError(f"--window-seconds must be positive, not {self.window_seconds}")


@dataclass(frozen=True, kw_only=True)
class SinkArguments(Arguments):
    """A member of the consumer group that writes tracks and rejections, or listeners' events, to MongoDB."""

    MODULE: ClassVar[str] = "segue_jobs.sink"
    SUMMARY: ClassVar[str] = "Write tracks and rejections, or listeners' events, from Kafka to MongoDB."

    only: SinkFeed | None = argument(
        "what to write: tracks with their rejections, or listeners' events with their profiles (default: tracks)",
        default=None,
    )
    batch_records: int = argument("maximum number of records in a transaction", default=1000)
    linger_milliseconds: int = argument("how long an incomplete batch waits for more records", default=250)

    @property
    def feed(self) -> SinkFeed:
        """What this sink writes."""
        return self.only or SinkFeed.TRACKS


@dataclass(frozen=True, kw_only=True)
class VerifyArguments(SourceArguments):
    """Prove that every listed track is stored or rejected."""

    MODULE: ClassVar[str] = "segue_jobs.verify"
    SUMMARY: ClassVar[str] = "Prove that every listed track of a batch is stored or rejected with a reason."

    stall_seconds: float = argument("give up if the sink makes no progress for this long", default=120.0)
    started_at: str | None = argument(
        "start of the batch, for example 2026-01-31T12:00:00Z: files added later do not belong to it "
        "(default: the time of the batch's first record)",
        default=None,
    )
    recipe: tuple[str, ...] = argument(
        "recipe that the batch was extracted with, repeatable: a track that an earlier batch stored with another "
        "recipe counts as missing (without this option, recipes are not compared)",
        default=(),
    )
    missing: MissingPolicy = argument(
        "what happens to a track whose file is gone or cannot be decoded any more", default=MissingPolicy.HIDE
    )
    maximum_missing_percent: int = argument(
        "change nothing and fail if a larger share of the source's tracks is gone or broken", default=20
    )

    def __post_init__(self) -> None:
        """Check what argparse cannot check."""
        super().__post_init__()
        if not 0 <= self.maximum_missing_percent <= 100:
            raise ValueError(f"--maximum-missing-percent must be from 0 to 100, not {self.maximum_missing_percent}")
        if self.started_at is not None:
            try:
                parse_timestamp(self.started_at)
            except ValueError as error:
                raise ValueError(f"--started-at: {error}") from None


@dataclass(frozen=True, kw_only=True)
class TrainArguments(Arguments):
    """One training run."""

    MODULE: ClassVar[str] = "segue_jobs.train"
    SUMMARY: ClassVar[str] = "Load a catalogue, publish its features, read them back, cluster them, publish the model."

    catalogue: str = argument("catalogue to train on")
    run: str = argument("name of the TrainingRun")
    namespace: str | None = argument("namespace of the TrainingRun", default=None)
    run_uid: str = argument(
        "uid of the TrainingRun, with its round from the second on: each publishes one model, whatever is retried"
    )
    family: tuple[Family, ...] = argument("feature family, repeatable", default=ANALYSED_FAMILIES)
    k: tuple[int, ...] = argument("number of clusters to try, repeatable", default=(8, 16, 32, 64))
    seed: int = argument("seed for every random choice", default=1)
    maximum_iterations: int = argument("maximum number of KMeans iterations", default=50)
    distance: Distance = argument("distance measure of KMeans", default=Distance.COSINE)
    promotion: PromotionPolicy = argument("when the model becomes active", default=PromotionPolicy.IF_NOT_WORSE)
    tolerance: float = argument("with IfNotWorse: how much worse a measure may be", default=0.01)
