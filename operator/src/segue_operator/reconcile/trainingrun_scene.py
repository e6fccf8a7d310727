"""What a TrainingRun's policies look at: its attempts and the batches that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from segue_core.contract import ExitCode, TrainSummary
from segue_operator.children.metadata import is_owned
from segue_operator.children.naming import application_name
from segue_operator.kinds.conditions import condition_of, find
from segue_operator.kinds.constants import (
    SUCCEEDED,
    AttemptState,
    Component,
    ConditionReason,
    Status,
    TrainingRunCondition,
)
from segue_operator.kinds.objects import Key, Kind, Manifest, catalogue_of
from segue_operator.kinds.trainingrun import TrainingRun
from segue_operator.reconcile import pod_reports
from segue_operator.reconcile.observe import ApplicationView, PodView, observe_application, observe_pod
from segue_operator.reconcile.plans import Observed
from segue_operator.reconcile.spark_state import attempt_state

FINAL_CODES = frozenset({int(ExitCode.CONFIGURATION), int(ExitCode.UNRECOVERABLE)})
"""Exit codes of the driver that a retry cannot fix."""


@dataclass(frozen=True)
class AttemptView:
    """One attempt and its pods."""

    number: int
    key: Key
    application: ApplicationView | None
    driver: PodView | None
    pods: tuple[PodView, ...]
    is_foreign: bool

    @property
    def state(self) -> AttemptState:
        """State of the attempt; ``Pending`` if it does not exist yet."""
        return attempt_state(self.application.state) if self.application is not None else AttemptState.PENDING

    @property
    def summary(self) -> TrainSummary | None:
        """The driver's summary."""
        return TrainSummary.decode(self.driver.message) if self.driver is not None else None

    @property
    def error(self) -> str:
        """Why the attempt failed, in the driver's own words if possible."""
        if self.driver is not None and self.driver.exit_code:
            return pod_reports.error_of(self.driver)
        said = self.application.error if self.application is not None else ""
        return said.strip() or "Spark gave no reason"

    @property
    def is_hopeless(self) -> bool:
        """Whether the driver's exit code says that a retry cannot help."""
        return self.driver is not None and self.driver.exit_code in FINAL_CODES


@dataclass(frozen=True)
class RunScene:
    """A run at one time."""

    run: TrainingRun
    now: datetime
    failures: tuple[AttemptView, ...]
    """Attempts that failed since the status was written and are retried."""
    attempt: AttemptView
    """The current one."""
    batches: Mapping[str, Manifest]
    is_spark_missing: bool
    problem: str | None
    """Why the server refused the current attempt's SparkApplication."""


def round_start(run: TrainingRun) -> int:
    """Number of the first attempt of the current round."""
    return min((attempt.number for attempt in run.status.attempts), default=1)


def first_attempt(run: TrainingRun) -> int:
    """Number of the first attempt that has not failed according to the status."""
    return round_start(run) + sum(1 for attempt in run.status.attempts if attempt.state == AttemptState.FAILED)


def application_key(run: TrainingRun, attempt: int) -> Key:
    """Key of an attempt's SparkApplication."""
    return Key(Kind.SPARK_APPLICATION, run.metadata.namespace, application_name(run.metadata.name, attempt))


def batch_key(run: TrainingRun, name: str) -> Key:
    """Key of a batch that the run names."""
    return Key(Kind.TRACK_BATCH, run.metadata.namespace, name)


def _attempt(run: TrainingRun, number: int, observed: Observed, pods: tuple[PodView, ...]) -> AttemptView:
    key = application_key(run, number)
    seen = observed.objects.get(key)
    mine = seen is not None and is_owned(seen, run)
    ours = tuple(pod for pod in pods if pod.component == Component.TRAIN and pod.attempt == number)
    drivers = sorted((pod for pod in ours if pod.spark_role == "driver"), key=lambda pod: (pod.created, pod.name))
    return AttemptView(
        number=number,
        key=key,
        application=observe_application(seen) if seen is not None and mine else None,
        driver=drivers[-1] if drivers else None,
        pods=ours,
        is_foreign=seen is not None and not mine,
    )


def look(run: TrainingRun, observed: Observed, now: datetime) -> RunScene:
    """Build the scene of a run: skip the failed attempts that are retried, up to the current one."""
    pods = tuple(observe_pod(pod) for pod in observed.pods)
    attempt = _attempt(run, first_attempt(run), observed, pods)
    failures: list[AttemptView] = []
    last = round_start(run) + run.spec.backoff_limit
    while attempt.state == AttemptState.FAILED and not attempt.is_hopeless and attempt.number < last:
        failures.append(attempt)
        attempt = _attempt(run, attempt.number + 1, observed, pods)
    names = run.spec.batches or ()
    return RunScene(
        run=run,
        now=now,
        failures=tuple(failures),
        attempt=attempt,
        batches={name: found for name in names if (found := observed.objects.get(batch_key(run, name))) is not None},
        is_spark_missing=Kind.SPARK_APPLICATION in observed.missing_kinds,
        problem=observed.problems.get(attempt.key),
    )


# ------------------------------------------------------------------------------------------------------------ input


@dataclass(frozen=True)
class Input:
    """Whether the run's batches are ready."""

    reason: ConditionReason
    message: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether training may start."""
        return self.reason == ConditionReason.BATCHES_COMPLETE

    @property
    def is_hopeless(self) -> bool:
        """Whether waiting cannot help."""
        return self.reason in (ConditionReason.BATCH_INCOMPLETE, ConditionReason.WRONG_CATALOGUE)


def input_of(scene: RunScene) -> Input:
    """State of the run's input; once ready it stays ready, because a finished batch may be deleted by its TTL."""
    old = find(scene.run.status.conditions, TrainingRunCondition.INPUT_READY)
    if old is not None and old.status == Status.TRUE:
        return Input(ConditionReason.BATCHES_COMPLETE, old.message)
    found = [state for name in scene.run.spec.batches or () if (state := _batch_state(scene, name)) is not None]
    hopeless = next((state for state in found if state.is_hopeless), None)
    return hopeless or next(iter(found), Input(ConditionReason.BATCHES_COMPLETE))


def _batch_state(scene: RunScene, name: str) -> Input | None:
    batch = scene.batches.get(name)
    if batch is None:
        return Input(ConditionReason.BATCH_NOT_FOUND, f"TrackBatch {name} does not exist yet")
    catalogue = catalogue_of(batch)
    if catalogue != scene.run.spec.catalogue:
        return Input(
            ConditionReason.WRONG_CATALOGUE,
            f"TrackBatch {name} belongs to catalogue {catalogue}, not {scene.run.spec.catalogue}: name another batch",
        )
    outcome = condition_of(batch, SUCCEEDED)
    if outcome.get("status") == Status.TRUE:
        return None
    if outcome.get("status") == Status.FALSE:
        return Input(ConditionReason.BATCH_INCOMPLETE, f"TrackBatch {name} failed: {outcome.get('message', '')}")
    return Input(ConditionReason.BATCH_NOT_FINISHED, f"TrackBatch {name} has not finished yet")
