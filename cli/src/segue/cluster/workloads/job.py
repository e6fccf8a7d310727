"""The Job controller, as far as our Jobs use Kubernetes' batch/v1. Pure.

Finished pods stay until their Job goes: they are the record of what was tried. A NonIndexed Job has one completion,
and is run as index 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from segue.cluster.pods import (
    RETRY_BACKOFF,
    finished_at,
    has_condition,
    is_finished,
    is_ready,
    is_terminating,
    phase,
)
from segue.cluster.workloads.changes import Changes, changed, pod_of
from segue.cluster.workloads.failure_policy import Action, Verdict, judge
from segue_core.contract import Env
from segue_core.contract.backoff import Backoff
from segue_core.contract.times import timestamp
from segue_operator.kinds.constants import Annotation
from segue_operator.kinds.objects import Key, Manifest

INDEX = str(Annotation.JOB_COMPLETION_INDEX)


@dataclass(frozen=True)
class _Tries:
    """A Job and its pods, sorted."""

    job: Manifest
    pods: Sequence[Manifest]

    @cached_property
    def spec(self) -> dict[str, Any]:
        return dict(self.job["spec"])

    @cached_property
    def active(self) -> list[Manifest]:
        return [pod for pod in self.pods if not is_finished(pod) and not is_terminating(pod)]

    @cached_property
    def terminating(self) -> list[Manifest]:
        return [pod for pod in self.pods if not is_finished(pod) and is_terminating(pod)]

    @cached_property
    def verdicts(self) -> list[tuple[Manifest, Verdict]]:
        """Failed pods in the order in which they failed."""
        failed = sorted((pod for pod in self.pods if phase(pod) == "Failed"), key=finished_at)
        return [(pod, judge(self.spec.get("podFailurePolicy") or {}, pod)) for pod in failed]

    @cached_property
    def failures(self) -> Counter[int]:
        """Failed pods by index, without those that the policy ignores."""
        return Counter(index_of(pod) for pod, verdict in self.verdicts if verdict.action is not Action.IGNORE)

    @cached_property
    def completed(self) -> set[int]:
        return {index_of(pod) for pod in self.pods if phase(pod) == "Succeeded"}

    @cached_property
    def failed(self) -> set[int]:
        """Indexes that are not tried again."""
        limit = self.spec.get("backoffLimitPerIndex")
        if limit is None:
            return set()
        failed = {index for index, failures in self.failures.items() if failures > limit}
        failed |= {index_of(pod) for pod, verdict in self.verdicts if verdict.action is Action.FAIL_INDEX}
        return failed - self.completed


def index_of(pod: Manifest) -> int:
    """Completion index of a pod."""
    return int(pod["metadata"]["annotations"].get(INDEX, 0))


def reconcile_job(job: Manifest, pods: Sequence[Manifest], now: datetime, backoff: Backoff = RETRY_BACKOFF) -> Changes:
    """One step of the Job controller.

    Parameters
    ----------
    job
        The Job.
    pods
        All pods that it controls, finished ones too.
    now
        The time, with time zone.
    backoff
        Wait before a failed pod is replaced; Kubernetes begins with 10 s.
    """
    tries = _Tries(job, pods)
    active = tuple(Key.of(pod) for pod in tries.active)
    if has_condition(job, "Complete") or has_condition(job, "Failed"):
        return Changes(delete=active)
    end = _end(tries, now)
    if end is None and not job["spec"].get("suspend"):
        return _scaled(tries, now, backoff)
    is_over = end is not None and not (active or tries.terminating)  # said once no pod runs any more
    status = _counts(tries, 0) | ({"conditions": [end]} if is_over else {})
    return Changes(changed(status, job), delete=active)


def _end(tries: _Tries, now: datetime) -> dict[str, str] | None:
    """The condition with which the Job ends, if it does."""

    def condition(type_: str, reason: str, message: str) -> dict[str, str]:
        since = timestamp(now)
        return {"type": type_, "status": "True", "reason": reason, "message": message, "lastTransitionTime": since}

    for _, verdict in tries.verdicts:
        if verdict.action is Action.FAIL_JOB:
            return condition("Failed", "PodFailurePolicy", verdict.message)
    limit = tries.spec.get("backoffLimit")
    if limit is not None and tries.failures.total() > limit:
        return condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if len(tries.completed | tries.failed) < tries.spec["completions"]:
        return None
    if tries.failed:
        return condition("Failed", "FailedIndexes", "Job has failed indexes")
    return condition("Complete", "CompletionsReached", "Reached expected number of succeeded pods")


def _scaled(tries: _Tries, now: datetime, backoff: Backoff) -> Changes:
    """Pods up to the parallelism, lowest indexes first; a pod that is terminating is replaced once it has ended."""
    parallelism = tries.spec["parallelism"]
    active = sorted(tries.active, key=lambda pod: (is_ready(pod), -index_of(pod)))
    excess = active[: max(0, len(active) - parallelism)]
    free = parallelism - len(active) - len(tries.terminating)
    taken = {index_of(pod) for pod in (*active, *tries.terminating)} | tries.completed | tries.failed
    waits = {
        index: _wait(tries, index, now, backoff) for index in range(tries.spec["completions"]) if index not in taken
    }
    startable = [index for index, seconds in waits.items() if seconds <= 0][: max(0, free)]
    return Changes(
        changed(_counts(tries, len(active) - len(excess) + len(startable)), tries.job),
        create=tuple(_pod(tries, index) for index in startable),
        delete=tuple(Key.of(pod) for pod in excess),
        look_again_seconds=min((seconds for seconds in waits.values() if seconds > 0), default=None),
    )


def _wait(tries: _Tries, index: int, now: datetime, backoff: Backoff) -> float:
    """Seconds until a pod of the index may start: the more have failed, the longer."""
    ends = [finished_at(pod) for pod, _ in tries.verdicts if index_of(pod) == index]
    last = max((end for end in ends if end <= now), default=None)  # later ones: the clock was set back
    if last is None:
        return 0.0
    return (last + timedelta(seconds=backoff.pause(len(ends))) - now) / timedelta(seconds=1)


def _pod(tries: _Tries, index: int) -> Manifest:
    template, name = tries.spec["template"], Key.of(tries.job).name
    labels = {"batch.kubernetes.io/job-name": name}
    if tries.spec.get("completionMode") != "Indexed":
        return pod_of(tries.job, template, labels, generateName=f"{name}-")
    pod = pod_of(tries.job, template, labels | {INDEX: str(index)}, generateName=f"{name}-{index}-")
    pod["metadata"]["annotations"][INDEX] = str(index)
    container = pod["spec"]["containers"][0]
    container["env"] = [*(container.get("env") or ()), {"name": str(Env.SHARD), "value": str(index)}]
    return pod


def _counts(tries: _Tries, active: int) -> dict[str, Any]:
    status: dict[str, Any] = {
        "active": active,
        "succeeded": len(tries.completed),
        "failed": tries.failures.total(),
    }
    if tries.spec.get("completionMode") == "Indexed":
        status["completedIndexes"] = _listed(tries.completed)
        status["failedIndexes"] = _listed(tries.failed)
    return status


def _listed(indexes: set[int]) -> str:
    """The indexes in the Job API's form, without its ranges."""
    return ",".join(str(index) for index in sorted(indexes))
