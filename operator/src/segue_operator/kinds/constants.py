"""Every name that the operator writes into a cluster: labels, condition types, reasons. Closed sets."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

GROUP = "segue.dev"
VERSION = "v1alpha1"
ApiVersion = Literal["segue.dev/v1alpha1"]
API_VERSION: ApiVersion = "segue.dev/v1alpha1"
CATEGORY = "segue"
FIELD_MANAGER = "segue-operator"
PART_OF = "segue"

NAME_LENGTH = 40
"""Longest name of a resource: children add suffixes, and a pod's host name has at most 63 characters."""
MESSAGE_LENGTH = 1024
"""Longest message of a condition or an event."""


class Label(StrEnum):
    """Labels on every child and on its pods."""

    TRACK_BATCH = f"{GROUP}/trackbatch"
    TRAINING_RUN = f"{GROUP}/trainingrun"
    COMPONENT = f"{GROUP}/component"
    ATTEMPT = f"{GROUP}/attempt"
    APP_NAME = "app.kubernetes.io/name"
    APP_INSTANCE = "app.kubernetes.io/instance"
    APP_COMPONENT = "app.kubernetes.io/component"
    APP_PART_OF = "app.kubernetes.io/part-of"
    APP_MANAGED_BY = "app.kubernetes.io/managed-by"
    SPARK_ROLE = "spark-role"
    """Set by Spark itself on its pods: ``driver`` or ``executor``."""


class Annotation(StrEnum):
    """Annotations on children."""

    APPLIED = f"{GROUP}/applied"
    """Digest of what was applied; the same digest is not applied again."""
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


SUCCEEDED, FAILED, SUSPENDED, STALLED = "Succeeded", "Failed", "Suspended", "Stalled"
"""Condition types that both kinds have."""


class TrackBatchCondition(StrEnum):
    """Condition types of a TrackBatch."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    STALLED = "Stalled"
    QUEUED = "Queued"
    JOB_CREATED = "JobCreated"
    SINK_READY = "SinkReady"


class TrainingRunCondition(StrEnum):
    """Condition types of a TrainingRun."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    STALLED = "Stalled"
    INPUT_READY = "InputReady"
    MODEL_PUBLISHED = "ModelPublished"
    ACTIVE_MODEL_WORSE = "ActiveModelWorse"
    RETRAIN_RECOMMENDED = "RetrainRecommended"


class ConditionReason(StrEnum):
    """Reasons of all conditions: a closed set."""

    # Not finished yet
    PENDING = "Pending"
    QUEUED = "Queued"
    ADMITTED = "Admitted"
    EXTRACTING = "Extracting"
    VERIFYING = "Verifying"
    SUBMITTED = "Submitted"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SUSPEND_REQUESTED = "SuspendRequested"
    NOT_SUSPENDED = "NotSuspended"
    RESUMED = "Resumed"
    NOT_FAILED = "NotFailed"
    NOT_STALLED = "NotStalled"
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
    TOO_MANY_MISSING = "TooManyMissing"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    PENDING_DEADLINE_EXCEEDED = "PendingDeadlineExceeded"
    TRAINING_FAILED = "TrainingFailed"
    BACKOFF_LIMIT_EXCEEDED = "BackoffLimitExceeded"
    # Children
    CREATED = "Created"
    MINIMUM_REPLICAS_AVAILABLE = "MinimumReplicasAvailable"
    PROGRESSING = "Progressing"
    POD_WAITING = "PodWaiting"
    NOT_NEEDED = "NotNeeded"
    SPARK_CRD_MISSING = "SparkCRDMissing"
    # What a resource waits for
    POD_PENDING = "PodPending"
    POD_MISSING = "PodMissing"
    POD_LOST = "PodLost"
    SINK_NOT_READY = "SinkNotReady"
    SUBMISSION_FAILED = "SubmissionFailed"
    SPARK_OPERATOR_SILENT = "SparkOperatorSilent"
    BATCH_STALLED = "BatchStalled"
    # Input and outcome of training
    BATCHES_COMPLETE = "BatchesComplete"
    BATCH_NOT_FOUND = "BatchNotFound"
    BATCH_NOT_FINISHED = "BatchNotFinished"
    BATCH_INCOMPLETE = "BatchIncomplete"
    WRONG_CATALOGUE = "WrongCatalogue"
    PUBLISHED = "Published"
    NOT_YET = "NotYet"
    NO_MODEL = "NoModel"
    LISTS_WORSE = "ListsWorse"
    LISTS_NOT_WORSE = "ListsNotWorse"
    SUMMARY_LOST = "SummaryLost"
    # After training
    TRAINED = "Trained"
    TRACKS_CHANGED = "TracksChanged"
    FEW_TRACKS_CHANGED = "FewTracksChanged"
    TRAINED_SINCE = "TrainedSince"


FINAL_REASONS = (
    ConditionReason.COMPLETED,
    ConditionReason.PARTIALLY_COMPLETED,
    ConditionReason.INVALID_SPEC,
    ConditionReason.EXTRACTION_FAILED,
    ConditionReason.VERIFICATION_FAILED,
    ConditionReason.TRACKS_MISSING,
    ConditionReason.NO_TRACKS,
    ConditionReason.TOO_MANY_REJECTED,
    ConditionReason.TOO_MANY_MISSING,
    ConditionReason.DEADLINE_EXCEEDED,
    ConditionReason.PENDING_DEADLINE_EXCEEDED,
    ConditionReason.TRAINING_FAILED,
    ConditionReason.BACKOFF_LIMIT_EXCEEDED,
    ConditionReason.BATCH_INCOMPLETE,
    ConditionReason.WRONG_CATALOGUE,
)
"""Reasons with which resources end."""


class AttemptState(StrEnum):
    """State of an attempt of a training run."""

    PENDING = "Pending"
    SUBMITTED = "Submitted"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    UNKNOWN = "Unknown"

    @property
    def is_finished(self) -> bool:
        """Whether nothing of the attempt will run again: these are the Spark operator's only final states."""
        return self in (AttemptState.COMPLETED, AttemptState.FAILED)


class EventReason(StrEnum):
    """Reasons of events that do not report a change of the Succeeded condition."""

    POD_WAITING = "PodWaiting"
    RETRYING = "Retrying"
    STALLED = "Stalled"
    RETRAIN_RECOMMENDED = "RetrainRecommended"
    RETRAINING = "Retraining"


class Phase(StrEnum):
    """For display only, derived from the conditions."""

    PENDING = "Pending"
    QUEUED = "Queued"
    EXTRACTING = "Extracting"
    VERIFYING = "Verifying"
    SUBMITTED = "Submitted"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SUSPENDED = "Suspended"
    BLOCKED = "Blocked"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
