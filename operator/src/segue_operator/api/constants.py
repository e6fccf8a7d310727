"""Every name that the operator puts into a cluster: labels, condition types, reasons. Closed sets, spelled once."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

GROUP = "segue.dev"
VERSION = "v1alpha1"
API_VERSION: Literal["segue.dev/v1alpha1"] = "segue.dev/v1alpha1"
CATEGORY = "segue"
FIELD_MANAGER = "segue-operator"
PART_OF = "segue"

NAME_LENGTH = 40
"""Longest name of a resource: its children add suffixes, and pods' host names end at 63."""
MESSAGE_LENGTH = 1024
"""Longest message of a condition or an event."""
FIRST_MISSING = 5
"""How many ids a message names before it says how many more there are."""


class Label(StrEnum):
    """Labels on every child and on its pods."""

    TRACK_BATCH = "segue.dev/trackbatch"
    TRAINING_RUN = "segue.dev/trainingrun"
    COMPONENT = "segue.dev/component"
    ATTEMPT = "segue.dev/attempt"
    APP_NAME = "app.kubernetes.io/name"
    APP_INSTANCE = "app.kubernetes.io/instance"
    APP_COMPONENT = "app.kubernetes.io/component"
    APP_PART_OF = "app.kubernetes.io/part-of"
    APP_MANAGED_BY = "app.kubernetes.io/managed-by"
    SPARK_ROLE = "spark-role"
    """Set by Spark itself on its pods: ``driver`` or ``executor``."""


class Annotation(StrEnum):
    """Annotations on children."""

    APPLIED = "segue.dev/applied"
    """Digest of what was applied: the same digest needs no second apply."""
    JOB_COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"


class Component(StrEnum):
    """What a child does; also the suffix of its name."""

    EXTRACT = "extract"
    SINK = "sink"
    VERIFY = "verify"
    TRAIN = "train"


class Status(StrEnum):
    """A condition's status."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class TrackBatchCondition(StrEnum):
    """Condition types of a TrackBatch."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    JOB_CREATED = "JobCreated"
    SINK_READY = "SinkReady"


class TrainingRunCondition(StrEnum):
    """Condition types of a TrainingRun."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    INPUT_READY = "InputReady"
    MODEL_PUBLISHED = "ModelPublished"


class ConditionReason(StrEnum):
    """Reasons of all conditions: a closed set."""

    # Not finished yet
    PENDING = "Pending"
    EXTRACTING = "Extracting"
    VERIFYING = "Verifying"
    SUBMITTED = "Submitted"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SUSPEND_REQUESTED = "SuspendRequested"
    NOT_SUSPENDED = "NotSuspended"
    RESUMED = "Resumed"
    NOT_FAILED = "NotFailed"
    NAME_CONFLICT = "NameConflict"
    APPLY_FAILED = "ApplyFailed"
    UNKNOWN_STATE = "UnknownState"
    # Succeeded
    COMPLETED = "Completed"
    PARTIALLY_COMPLETED = "PartiallyCompleted"
    # Failed
    INVALID_SPEC = "InvalidSpec"
    EXTRACTION_FAILED = "ExtractionFailed"
    VERIFICATION_FAILED = "VerificationFailed"
    TRACKS_MISSING = "TracksMissing"
    NO_TRACKS = "NoTracks"
    TOO_MANY_REJECTED = "TooManyRejected"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    PENDING_DEADLINE_EXCEEDED = "PendingDeadlineExceeded"
    TRAINING_FAILED = "TrainingFailed"
    BACKOFF_LIMIT_EXCEEDED = "BackoffLimitExceeded"
    # Children
    CREATED = "Created"
    MINIMUM_REPLICAS_AVAILABLE = "MinimumReplicasAvailable"
    PROGRESSING = "Progressing"
    POD_WAITING = "PodWaiting"
    REMOVED = "Removed"
    SPARK_CRD_MISSING = "SparkCRDMissing"
    # Input and outcome of training
    BATCHES_COMPLETE = "BatchesComplete"
    BATCH_NOT_FOUND = "BatchNotFound"
    BATCH_NOT_FINISHED = "BatchNotFinished"
    BATCH_INCOMPLETE = "BatchIncomplete"
    WRONG_CATALOGUE = "WrongCatalogue"
    PUBLISHED = "Published"
    NOT_YET = "NotYet"
    NO_MODEL = "NoModel"
    SUMMARY_LOST = "SummaryLost"


class AttemptState(StrEnum):
    """Where an attempt of a training run stands."""

    PENDING = "Pending"
    SUBMITTED = "Submitted"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    UNKNOWN = "Unknown"

    @property
    def is_finished(self) -> bool:
        """Whether nothing of the attempt will run again: the Spark operator's only two final states."""
        return self in (AttemptState.COMPLETED, AttemptState.FAILED)


class EventReason(StrEnum):
    """Reasons of events that are no condition's reason."""

    POD_WAITING = "PodWaiting"
    RETRYING = "Retrying"


class Phase(StrEnum):
    """For display only, derived from the conditions."""

    PENDING = "Pending"
    EXTRACTING = "Extracting"
    VERIFYING = "Verifying"
    SUBMITTED = "Submitted"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SUSPENDED = "Suspended"
    BLOCKED = "Blocked"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
