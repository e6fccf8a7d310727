"""The Job controller, as Kubernetes' batch/v1 behaves, with finished pods kept until their Job goes. Pure."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from segue_operator.api.objects import Key, Manifest
from segue_operator.local.times import parse, timestamp
from segue_operator.local.workloads import indexes
from segue_operator.local.workloads.failure_policy import Action, Verdict, judge
from segue_operator.local.workloads.pods import (
    DEFAULT_BACK_OFF,
    BackOff,
    Condition,
    Outcome,
    finished_at,
    has_condition,
    is_finished,
    is_ready,
    is_terminating,
    phase,
    pod_of,
    seconds_until,
    with_condition,
)

INDEX = "batch.kubernetes.io/job-completion-index"
FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count"
_UNLIMITED = 2**31 - 1
_NO_INDEX = -1


@dataclass(frozen=True)
class _View:
    """A Job and its pods, sorted out."""

    job: Manifest
    pods: Sequence[Manifest]

    @cached_property
    def spec(self) -> dict[str, Any]:
        return dict(self.job["spec"])

    @cached_property
    def is_indexed(self) -> bool:
        return bool(self.spec.get("completionMode") == "Indexed")

    @cached_property
    def completions(self) -> int:
        return int(self.spec.get("completions", 1))

    @cached_property
    def active(self) -> list[Manifest]:
        return [pod for pod in self.pods if not is_finished(pod) and not is_terminating(pod)]

    @cached_property
    def terminating(self) -> list[Manifest]:
        return [pod for pod in self.pods if not is_finished(pod) and is_terminating(pod)]

    @cached_property
    def succeeded(self) -> list[Manifest]:
        return [pod for pod in self.pods if phase(pod) == "Succeeded"]

    @cached_property
    def verdicts(self) -> list[tuple[Manifest, Verdict]]:
        """Failed pods in the order in which they failed."""
        failed = sorted((pod for pod in self.pods if phase(pod) == "Failed"), key=finished_at)
        return [(pod, judge(self.spec.get("podFailurePolicy"), pod)) for pod in failed]

    @cached_property
    def counted(self) -> list[Manifest]:
        return [pod for pod, verdict in self.verdicts if verdict.action is not Action.IGNORE]

    @cached_property
    def completed_indexes(self) -> set[int]:
        return {self.index(pod) for pod in self.succeeded if 0 <= self.index(pod) < self.completions}

    @cached_property
    def failures_by_index(self) -> dict[int, int]:
        counts: dict[int, int] = defaultdict(int)
        for pod in self.counted:
            counts[self.index(pod)] += 1
        return counts

    @cached_property
    def failed_indexes(self) -> set[int]:
        limit = self.spec.get("backoffLimitPerIndex")
        if limit is None:
            return set()
        failed = {index for index, failures in self.failures_by_index.items() if failures > limit}
        failed |= {self.index(pod) for pod, verdict in self.verdicts if verdict.action is Action.FAIL_INDEX}
        return failed - self.completed_indexes

    @cached_property
    def succeeded_count(self) -> int:
        return len(self.completed_indexes) if self.is_indexed else len(self.succeeded)

    def index(self, pod: Manifest) -> int:
        """Completion index of a pod; -1 when the Job has none."""
        return int((pod["metadata"].get("annotations") or {}).get(INDEX, _NO_INDEX)) if self.is_indexed else _NO_INDEX


@dataclass(frozen=True)
class _End:
    """How a Job ends: the conditions to set."""

    condition: str
    reason: str
    message: str


@dataclass
class _Draft:
    """The status in the making, and what to do with pods."""

    status: dict[str, Any]
    create: list[Manifest] = field(default_factory=list)
    delete: list[Key] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def condition(self, type_: str, status: str, reason: str, message: str, now: datetime) -> None:
        wanted = Condition(type_, status, reason, message)
        self.status["conditions"] = with_condition(self.status.get("conditions") or [], wanted, now)


def reconcile_job(
    job: Manifest, pods: Sequence[Manifest], now: datetime, back_off: BackOff = DEFAULT_BACK_OFF
) -> Outcome:
    """One step of the Job controller.

    Parameters
    ----------
    job
        The Job.
    pods
        All pods that it controls, finished ones too: they are the record of what was tried.
    now
        The time, with time zone.
    back_off
        Wait before a failed pod is replaced; Kubernetes begins with 10 s.
    """
    if has_condition(job, "Complete", "True") or has_condition(job, "Failed", "True"):
        return Outcome(delete=tuple(Key.of(pod) for pod in _View(job, pods).active))
    view = _View(job, pods)
    draft = _Draft(copy.deepcopy(job.get("status") or {}))
    _set_suspended(view, draft, now)
    end = _end_in_progress(job) or _end(view, draft, now)
    if end is not None:
        _finish(view, draft, end, now)
    elif view.spec.get("suspend"):
        draft.delete += [Key.of(pod) for pod in view.active]
    else:
        _scale(view, draft, now, back_off)
    _count(view, draft)
    status = None if draft.status == (job.get("status") or {}) else draft.status
    return Outcome(status, tuple(draft.create), tuple(draft.delete), min(draft.delays, default=None))


def _set_suspended(view: _View, draft: _Draft, now: datetime) -> None:
    if view.spec.get("suspend"):
        if "startTime" in draft.status or not has_condition(view.job, "Suspended", "True"):
            draft.status.pop("startTime", None)
            draft.condition("Suspended", "True", "JobSuspended", "Job suspended", now)
        return
    if has_condition(view.job, "Suspended", "True"):
        draft.condition("Suspended", "False", "JobResumed", "Job resumed", now)
    draft.status.setdefault("startTime", timestamp(now))


def _end_in_progress(job: Manifest) -> _End | None:
    """The end that was decided before, while pods are still terminating."""
    for condition in job.get("status", {}).get("conditions") or ():
        if condition["status"] == "True" and condition["type"] in ("FailureTarget", "SuccessCriteriaMet"):
            final = "Failed" if condition["type"] == "FailureTarget" else "Complete"
            return _End(final, condition["reason"], condition["message"])
    return None


def _end(view: _View, draft: _Draft, now: datetime) -> _End | None:
    for _, verdict in view.verdicts:
        if verdict.action is Action.FAIL_JOB:
            return _End("Failed", "PodFailurePolicy", verdict.message)
    per_index = view.spec.get("backoffLimitPerIndex") is not None
    if len(view.counted) > view.spec.get("backoffLimit", _UNLIMITED if per_index else 6):
        return _End("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if _deadline_passed(view, draft, now):
        return _End("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    return _end_of_indexes(view)


def _end_of_indexes(view: _View) -> _End | None:
    if len(view.failed_indexes) > view.spec.get("maxFailedIndexes", _UNLIMITED):
        message = "Job has exceeded the specified maximal number of failed indexes"
        return _End("Failed", "MaxFailedIndexesExceeded", message)
    if view.failed_indexes and len(view.failed_indexes | view.completed_indexes) >= view.completions:
        return _End("Failed", "FailedIndexes", "Job has failed indexes")
    if view.succeeded_count >= view.completions:
        return _End("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
    return None


def _deadline_passed(view: _View, draft: _Draft, now: datetime) -> bool:
    limit, start = view.spec.get("activeDeadlineSeconds"), draft.status.get("startTime")
    if limit is None or start is None:
        return False
    remaining = seconds_until(parse(start) + timedelta(seconds=limit), now)
    if remaining > 0:
        draft.delays.append(remaining)
    return remaining <= 0


def _finish(view: _View, draft: _Draft, end: _End, now: datetime) -> None:
    """Say how it ends; say that it has ended once no pod runs any more."""
    interim = "FailureTarget" if end.condition == "Failed" else "SuccessCriteriaMet"
    draft.condition(interim, "True", end.reason, end.message, now)
    draft.delete += [Key.of(pod) for pod in view.active]
    if not view.active and not view.terminating:
        draft.condition(end.condition, "True", end.reason, end.message, now)
        if end.condition == "Complete":
            draft.status["completionTime"] = timestamp(now)


def _scale(view: _View, draft: _Draft, now: datetime, back_off: BackOff) -> None:
    parallelism = int(view.spec.get("parallelism", 1))
    active = sorted(view.active, key=lambda pod: (is_ready(pod), -view.index(pod)))
    surplus = [pod for pod in active if view.index(pod) in view.failed_indexes]
    kept = [pod for pod in active if view.index(pod) not in view.failed_indexes]
    excess = max(0, len(kept) - parallelism)
    draft.delete += [Key.of(pod) for pod in (*surplus, *kept[:excess])]
    busy = len(kept) - excess
    if _waits_for_terminating(view):
        busy += len(view.terminating)
    wanted = min(parallelism, view.completions - view.succeeded_count) - busy
    for index in _next_indexes(view):
        if wanted <= 0:
            break
        wait = _wait(view, index, now, back_off)
        if wait > 0:
            draft.delays.append(wait)
            if not view.is_indexed:
                break  # without indexes all pods share one back-off
            continue
        draft.create.append(_pod(view, index))
        wanted -= 1


def _waits_for_terminating(view: _View) -> bool:
    default = "Failed" if view.spec.get("podFailurePolicy") else "TerminatingOrFailed"
    return bool(view.spec.get("podReplacementPolicy", default) == "Failed")


def _next_indexes(view: _View) -> Iterator[int]:
    if not view.is_indexed:
        yield from (_NO_INDEX for _ in range(view.completions))
        return
    taken = {view.index(pod) for pod in view.active}
    if _waits_for_terminating(view):
        taken |= {view.index(pod) for pod in view.terminating}
    taken |= view.completed_indexes | view.failed_indexes
    yield from (index for index in range(view.completions) if index not in taken)


def _wait(view: _View, index: int, now: datetime, back_off: BackOff) -> float:
    """Seconds until a pod of the index may start: the more pods failed since one succeeded, the longer."""
    failed = [pod for pod, _ in view.verdicts if view.index(pod) == index]
    last_success = max((finished_at(pod) for pod in view.succeeded if view.index(pod) == index), default=None)
    if last_success is not None:
        failed = [pod for pod in failed if finished_at(pod) > last_success]
    if not failed:
        return 0.0
    return seconds_until(finished_at(failed[-1]) + timedelta(seconds=back_off.seconds(len(failed))), now)


def _pod(view: _View, index: int) -> Manifest:
    key, uid = Key.of(view.job), view.job["metadata"]["uid"]
    labels = {
        "batch.kubernetes.io/job-name": key.name,
        "batch.kubernetes.io/controller-uid": uid,
        "job-name": key.name,
        "controller-uid": uid,
    }
    if not view.is_indexed:
        pod = pod_of(view.job, view.spec["template"], labels=labels)
        pod["metadata"]["generateName"] = f"{key.name}-"
        return pod
    annotations = {INDEX: str(index)}
    if view.spec.get("backoffLimitPerIndex") is not None:
        annotations[FAILURE_COUNT] = str(view.failures_by_index.get(index, 0))
    pod = pod_of(view.job, view.spec["template"], labels={**labels, INDEX: str(index)}, annotations=annotations)
    pod["metadata"]["generateName"] = f"{key.name}-{index}-"
    for container in pod["spec"]["containers"]:
        source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
        container["env"] = [*(container.get("env") or ()), {"name": "JOB_COMPLETION_INDEX", "valueFrom": source}]
    return pod


def _count(view: _View, draft: _Draft) -> None:
    status = draft.status
    deleted = set(draft.delete)
    active = [pod for pod in view.active if Key.of(pod) not in deleted]
    status["active"] = len(active) + len(draft.create)
    status["ready"] = sum(is_ready(pod) for pod in active)
    status["terminating"] = len(view.terminating) + len(deleted)
    status["succeeded"] = view.succeeded_count
    status["failed"] = len(view.counted)
    status["uncountedTerminatedPods"] = {}
    if view.is_indexed:
        status["completedIndexes"] = indexes.write(view.completed_indexes)
        if view.spec.get("backoffLimitPerIndex") is not None:
            status["failedIndexes"] = indexes.write(view.failed_indexes)
