"""Turn children into small typed views with what a plan needs to know.

Conditions are found by type and status, never by position: Kubernetes puts others before the final one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segue_core.contract.termination import Summary
from segue_core.contract.wording import without_frames
from segue_operator.children.metadata import controller_uid
from segue_operator.children.spark_application import DRIVER_CONTAINER, EXECUTOR_CONTAINER
from segue_operator.kinds.conditions import condition_of, true_condition
from segue_operator.kinds.constants import Annotation, Component, Label
from segue_operator.kinds.objects import Kind, Manifest
from segue_operator.reconcile.outcome import is_deleting

WAITING_REASONS = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "CrashLoopBackOff",
    }
)
"""Reasons for waiting that seldom go away by themselves."""


NOT_STARTING = "does not start"
"""What `startup_problem` says of a pod, whatever the reason: the kubelet alternates between reasons."""


@dataclass(frozen=True)
class Waiting:
    """Why a pod does not start."""

    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason


@dataclass(frozen=True)
class PodView:
    """One pod of a child."""

    name: str
    component: str
    created: str = ""
    owner: str | None = None
    index: int | None = None
    attempt: int | None = None
    spark_role: str | None = None
    exit_code: int | None = None
    ended_reason: str = ""
    """The kubelet's reason: ``Error``, ``OOMKilled``, ..."""
    finished: str = ""
    message: str = ""
    """Termination message: a summary, or the end of the log."""
    waiting: Waiting | None = None
    is_over: bool = False
    """Whether it has ended, whatever happened to its container."""
    is_disrupted: bool = False
    """Whether the cluster ended it, rather than its program."""
    is_running: bool = False
    """Whether its container runs, according to its node's last report."""
    lost: str = ""
    """Since when its node has not reported; empty if it does."""

    @property
    def is_at_work(self) -> bool:
        """Whether it runs on a node that reports."""
        return self.is_running and not (self.is_over or self.lost)


@dataclass(frozen=True)
class JobView:
    """A Job."""

    uid: str
    suspended: bool
    parallelism: int
    is_complete: bool
    failure_reason: str | None
    failure_message: str
    succeeded: int
    failed_indexes: tuple[int, ...]
    created: str = ""

    @property
    def is_finished(self) -> bool:
        """Whether nothing of it will run again."""
        return self.is_complete or self.failure_reason is not None


@dataclass(frozen=True)
class DeploymentView:
    """A Deployment."""

    replicas: int
    ready: int
    digest: str
    failure: str | None
    """Why it cannot create pods (a quota, an admission policy)."""


@dataclass(frozen=True)
class ApplicationView:
    """A SparkApplication."""

    uid: str
    state: str
    error: str
    suspended: bool
    created: str


def parse_indexes(text: str) -> tuple[int, ...]:
    """Read a Job's list of indexes, such as ``1,3-5``; anything that is not a number is left out."""
    indexes: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if match:
            first, last = int(match.group(1)), int(match.group(2) or match.group(1))
            indexes.extend(range(first, last + 1))
    return tuple(indexes)


def observe_job(manifest: Manifest) -> JobView:
    """View of a Job."""
    spec, status = manifest.get("spec", {}), manifest.get("status", {})
    failed = true_condition(manifest, "Failed")
    return JobView(
        uid=manifest.get("metadata", {}).get("uid", ""),
        suspended=bool(spec.get("suspend", False)),
        parallelism=spec.get("parallelism", 1),
        is_complete=true_condition(manifest, "Complete") is not None,
        failure_reason=(failed.get("reason") or "Failed") if failed is not None else None,
        failure_message=(failed.get("message") or "") if failed is not None else "",
        succeeded=status.get("succeeded") or 0,
        failed_indexes=parse_indexes(status.get("failedIndexes") or ""),
        created=manifest.get("metadata", {}).get("creationTimestamp") or "",
    )


def observe_deployment(manifest: Manifest) -> DeploymentView:
    """View of a Deployment."""
    failure = true_condition(manifest, "ReplicaFailure")
    return DeploymentView(
        replicas=manifest.get("spec", {}).get("replicas", 1),
        ready=manifest.get("status", {}).get("readyReplicas") or 0,
        digest=(manifest["metadata"].get("annotations") or {}).get(Annotation.APPLIED, ""),
        failure=failure.get("message") if failure is not None else None,
    )


def observe_application(manifest: Manifest) -> ApplicationView:
    """View of a SparkApplication."""
    state = manifest.get("status", {}).get("applicationState") or {}
    return ApplicationView(
        uid=manifest.get("metadata", {}).get("uid", ""),
        state=state.get("state") or "",
        error=without_frames(state.get("errorMessage") or ""),
        suspended=bool(manifest.get("spec", {}).get("suspend", False)),
        created=manifest.get("metadata", {}).get("creationTimestamp") or "",
    )


def _integer(text: Any) -> int | None:
    return int(text) if isinstance(text, str | int) and str(text).isdecimal() else None


def _main_container(component: str, statuses: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    ours = {component, DRIVER_CONTAINER, EXECUTOR_CONTAINER}
    for status in statuses:
        if status.get("name") in ours:
            return status
    return statuses[0] if statuses else {}


def _last_words(container: Mapping[str, Any]) -> str:
    """What a container said before its restart, which helps people more than how long the restart is delayed."""
    ended = (container.get("lastState") or {}).get("terminated") or {}
    message = ended.get("message") or ""
    summary = Summary.decode(message)
    return (summary.error if summary is not None else None) or last_line(message)


def _waiting(manifest: Manifest, container: Mapping[str, Any]) -> Waiting | None:
    state = (container.get("state") or {}).get("waiting") or {}
    if state.get("reason") in WAITING_REASONS:
        return Waiting(state["reason"], _last_words(container) or state.get("message") or "")
    scheduled = condition_of(manifest, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return Waiting("Unschedulable", scheduled.get("message") or "")
    return None


def _lost(manifest: Manifest) -> str:
    """Since when the pod's node has not reported.

    The cluster then sets the pod's Ready condition to False without a reason; a live kubelet gives one. Later the pod
    is marked for deletion, and stays for ever.
    """
    ready = condition_of(manifest, "Ready")
    if ready.get("status") == "False" and not ready.get("reason"):
        return ready.get("lastTransitionTime") or manifest["metadata"].get("creationTimestamp") or ""
    return ""


def observe_pod(manifest: Manifest) -> PodView:
    """View of a pod; only our container counts, not injected sidecars."""
    metadata, status = manifest["metadata"], manifest.get("status", {})
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    component = labels.get(Label.COMPONENT, "")
    container = _main_container(component, status.get("containerStatuses") or ())
    state = container.get("state") or {}
    ended = state.get("terminated") or {}
    index = annotations.get(Annotation.JOB_COMPLETION_INDEX, labels.get(Annotation.JOB_COMPLETION_INDEX))
    return PodView(
        name=metadata["name"],
        component=component,
        created=metadata.get("creationTimestamp") or "",
        owner=controller_uid(manifest),
        index=_integer(index),
        attempt=_integer(labels.get(Label.ATTEMPT)),
        spark_role=labels.get(Label.SPARK_ROLE),
        exit_code=ended.get("exitCode"),
        ended_reason=ended.get("reason") or status.get("reason") or "",
        finished=ended.get("finishedAt") or "",
        message=ended.get("message") or "",
        waiting=_waiting(manifest, container),
        is_over=bool(ended) or status.get("phase") in ("Succeeded", "Failed"),
        is_disrupted=true_condition(manifest, "DisruptionTarget") is not None,
        is_running="running" in state,
        lost=_lost(manifest) if "running" in state else "",
    )


def of_job(pods: Iterable[PodView], component: Component, job: JobView | None) -> tuple[PodView, ...]:
    """Pods of a Job, oldest first, without those of an earlier Job of the same name."""
    uid = job.uid if job is not None else ""
    mine = [pod for pod in pods if pod.component == component and (not uid or pod.owner in (None, uid))]
    return tuple(sorted(mine, key=lambda pod: (pod.finished or "9", pod.created, pod.name)))


def jobs_lose_pods(objects: Iterable[Manifest], pods: Iterable[Manifest]) -> bool:
    """Whether a running Job's pod is being deleted: by a user, a drain, or with the namespace."""
    jobs = (found for found in objects if found["kind"] == Kind.JOB)
    going_on = {job["metadata"]["uid"] for job in jobs if not (is_deleting(job) or observe_job(job).is_finished)}
    return any(is_deleting(pod) and controller_uid(pod) in going_on for pod in pods)


def first_waiting(pods: Iterable[PodView]) -> tuple[PodView, Waiting] | None:
    """The first pod, by name, that does not start, and why."""
    found = [(pod.name, pod, pod.waiting) for pod in pods if pod.waiting is not None]
    if not found:
        return None
    _, pod, waiting = min(found, key=lambda item: item[0])
    return pod, waiting


def startup_problem(pods: Iterable[PodView]) -> str:
    """Which pod does not start, and why; empty if all do."""
    found = first_waiting(pods)
    return f"pod {found[0].name} {NOT_STARTING}: {found[1]}" if found is not None else ""


def last_line(text: str) -> str:
    """The last line that is not empty; of a stack trace, what was wrong."""
    said = without_frames(text)
    if said != text:
        return said
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
