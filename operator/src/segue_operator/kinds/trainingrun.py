"""TrainingRun: what to learn."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from segue_core.contract import ANALYSED_FAMILIES, Distance, Family, PromotionPolicy
from segue_operator.kinds.base import (
    MAXIMUM_INT32,
    ApiModel,
    Boolean,
    Count,
    Message,
    ObjectMeta,
    Rule,
    Seconds,
    StatusModel,
    Timestamp,
    obeys,
    unique,
)
from segue_operator.kinds.conditions import ResourceStatus
from segue_operator.kinds.constants import API_VERSION, NAME_LENGTH, ApiVersion, AttemptState
from segue_operator.kinds.pod_overrides import PodOverrides
from segue_operator.kinds.schedule import PATTERN
from segue_operator.kinds.trackbatch import NAME_RULES, CatalogueName

EVERY_ONE_ONCE = Rule("a value is listed twice: keep one of them", unique)
"""What ``x-kubernetes-list-type: set`` says in the CRD."""

BatchName = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")]
ClusterCount = Annotated[int, Field(strict=True, ge=2, le=10_000)]
Memory = Annotated[
    str,
    Field(
        min_length=2, max_length=8, pattern=r"^([1-9][0-9]*g|(51[2-9]|5[2-9][0-9]|[6-9][0-9][0-9]|[1-9][0-9]{3,})m)$"
    ),
]
"""Spark refuses a heap of less than 450 MiB, and runs badly in one."""
REMEMBERED_BATCHES = 64
Fraction = Annotated[str, Field(min_length=1, max_length=10, pattern=r"^(0(\.[0-9]+)?|1(\.0+)?)$")]


class KMeans(ApiModel):
    """Parameters of the clustering."""

    k: Annotated[tuple[ClusterCount, ...], Field(min_length=1, max_length=16), obeys(EVERY_ONE_ONCE)] = (8, 16, 32, 64)
    seed: Annotated[int, Field(strict=True, ge=0, le=MAXIMUM_INT32)] = 1
    max_iterations: Annotated[int, Field(strict=True, ge=1, le=1000)] = 50
    distance: Distance = Distance.COSINE


class Promotion(ApiModel):
    """When the new model becomes the catalogue's active one."""

    policy: PromotionPolicy = PromotionPolicy.IF_NOT_WORSE
    tolerance: Fraction = "0.01"


class Spark(ApiModel):
    """Size of the Spark application."""

    executors: Annotated[int, Field(strict=True, ge=1, le=256)] = 2
    executor_cores: Annotated[int, Field(strict=True, ge=1, le=64)] = 1
    executor_memory: Memory = "1g"
    driver_memory: Memory = "1g"


class Retrain(ApiModel):
    """When the run trains again by itself."""

    after_changed_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 10
    schedule: Annotated[str, Field(max_length=100, pattern=PATTERN)] | None = None


def _deadlines_agree(spec: TrainingRunSpec) -> bool:
    pending, active = spec.pending_deadline_seconds, spec.active_deadline_seconds
    return pending is None or active is None or pending <= active


class TrainingRunSpec(ApiModel):
    """What to learn, and how."""

    catalogue: CatalogueName
    batches: Annotated[tuple[BatchName, ...], Field(max_length=64), obeys(EVERY_ONE_ONCE)] | None = None
    families: Annotated[tuple[Family, ...], Field(min_length=1, max_length=5), obeys(EVERY_ONE_ONCE)] = (
        ANALYSED_FAMILIES
    )
    kmeans: KMeans = KMeans()
    promotion: Promotion = Promotion()
    spark: Spark = Spark()
    suspend: Boolean = False
    backoff_limit: Annotated[int, Field(strict=True, ge=0, le=20)] = 2
    active_deadline_seconds: Seconds | None = None
    pending_deadline_seconds: Seconds | None = None
    ttl_seconds_after_finished: Annotated[int, Field(strict=True, ge=0, le=MAXIMUM_INT32)] | None = None
    retrain: Retrain | None = None
    pod_overrides: PodOverrides | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("pendingDeadlineSeconds must not exceed activeDeadlineSeconds", _deadlines_agree),
        Rule(
            "podOverrides.resources does not apply to Spark's pods: use spark.executorCores, spark.executorMemory and "
            "spark.driverMemory",
            lambda s: s.pod_overrides is None or s.pod_overrides.resources is None,
        ),
        Rule(
            "retrain needs a run that stays: omit ttlSecondsAfterFinished",
            lambda s: s.retrain is None or s.ttl_seconds_after_finished is None,
        ),
    )


class Attempt(StatusModel):
    """One SparkApplication of the run."""

    number: Annotated[int, Field(ge=1)]
    application: Annotated[str, Field(max_length=63)]
    state: AttemptState
    message: Message | None = None


class ModelStatus(StatusModel):
    """The model that the run published; measures are strings, as the API has no fractions."""

    version: Annotated[str, Field(max_length=253)]
    k: Count = 0
    tracks: Count = 0
    excluded: Count = 0
    metrics: Annotated[dict[str, Annotated[str, Field(max_length=64)]], Field(max_length=64)] | None = None


class Decision(StatusModel):
    """Whether the model became the active one, and why."""

    promoted: bool
    reason: Message = ""


class Round(StatusModel):
    """How a round ended."""

    number: Annotated[int, Field(ge=1)]
    succeeded: bool
    message: Message = ""
    completion_time: Timestamp | None = None
    model: Annotated[str, Field(max_length=253)] | None = None
    decision: Decision | None = None


class BatchChange(StatusModel):
    """What a finished batch changed in the catalogue; kept because the batch may be deleted."""

    uid: Annotated[str, Field(max_length=64)]
    completion_time: Timestamp
    came: Count = 0
    went: Count = 0
    changed: Count = 0


class RetrainStatus(StatusModel):
    """What has changed since the last training, and the rounds of the run."""

    round: Annotated[int, Field(ge=1)] = 1
    failures: Count = 0
    trained_since: Timestamp | None = None
    changed_tracks: Count = 0
    batches: Annotated[tuple[BatchChange, ...], Field(max_length=REMEMBERED_BATCHES)] = ()
    previous_round: Round | None = None


class TrainingRunStatus(ResourceStatus):
    """Observed state of a run."""

    attempts: Annotated[tuple[Attempt, ...], Field(max_length=32)] = ()
    model: ModelStatus | None = None
    decision: Decision | None = None
    retrain: RetrainStatus | None = None


class TrainingRun(ApiModel):
    """One training of a catalogue."""

    api_version: ApiVersion = API_VERSION
    kind: Literal["TrainingRun"] = "TrainingRun"
    metadata: ObjectMeta
    spec: TrainingRunSpec
    status: TrainingRunStatus = TrainingRunStatus()

    RULES: ClassVar[tuple[Rule, ...]] = NAME_RULES
    MUTABLE: ClassVar[frozenset[str]] = frozenset(
        {"suspend", "ttlSecondsAfterFinished", "retrain.afterChangedPercent", "retrain.schedule"}
    )
    """Paths in the spec that may change after creation."""
