"""Raw children to views: only what is true counts, wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import ExtractSummary, TrainSummary, VerifySummary
from segue_core.contract.termination import Summary
from segue_operator.kinds.constants import Component
from segue_operator.kinds.trackbatch import TrackBatchStatus
from segue_operator.reconcile import pod_reports
from segue_operator.reconcile.observe import (
    PodView,
    Waiting,
    jobs_lose_pods,
    observe_deployment,
    observe_job,
    observe_pod,
    of_job,
    parse_indexes,
)


def job(*conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "j", "uid": "u"}, "spec": {}, "status": {"conditions": list(conditions), **status}}


def condition(type_: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": type_, "status": status, **more}


def test_a_job_that_announces_success_has_not_finished() -> None:
    assert not observe_job(job(condition("SuccessCriteriaMet"))).is_finished
    assert not observe_job(job(condition("FailureTarget"))).is_finished
    assert observe_job(job(condition("SuccessCriteriaMet"), condition("Complete"))).is_complete


def test_a_condition_that_is_not_true_does_not_count() -> None:
    view = observe_job(job(condition("Complete", "False"), condition("Failed", "Unknown"), succeeded=3))
    assert (view.is_finished, view.succeeded) == (False, 3)


def test_a_failed_job_says_why() -> None:
    view = observe_job(job(condition("Failed", reason="FailedIndexes", message="m"), failedIndexes="1,3-5"))
    assert (view.failure_reason, view.failure_message, view.failed_indexes) == ("FailedIndexes", "m", (1, 3, 4, 5))


def of_owner(uid: str, *, deleted: bool) -> dict[str, Any]:
    metadata = {"name": "p", "ownerReferences": [{"kind": "Job", "uid": uid, "controller": True}]}
    return {"metadata": metadata | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {})}


@pytest.mark.parametrize(
    ("child", "pod", "loses"),
    [
        ({}, of_owner("u", deleted=True), True),
        ({}, of_owner("u", deleted=False), False),
        ({}, of_owner("another", deleted=True), False),
        ({"kind": "Deployment"}, of_owner("u", deleted=True), False),
        ({"status": {"conditions": [condition("Complete")]}}, of_owner("u", deleted=True), False),
        ({"metadata": {"uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"}}, of_owner("u", deleted=True), False),
    ],
    ids=["a pod goes", "none goes", "another's goes", "a Deployment's goes", "the Job is done", "the Job goes"],
)
def test_a_running_job_may_lose_a_pod(child: dict[str, Any], pod: dict[str, Any], loses: bool) -> None:
    assert jobs_lose_pods([{"kind": "Job", **job(), **child}], [pod]) is loses


def test_a_child_without_status_is_just_not_there_yet() -> None:
    assert not observe_job({"metadata": {"name": "j"}, "spec": {}}).is_finished
    view = observe_deployment({"metadata": {"name": "d"}, "spec": {}})
    assert (view.replicas, view.ready, view.digest) == (1, 0, "")


@given(st.sets(st.integers(0, 200)))
def test_index_lists_are_read_as_kubernetes_writes_them(indexes: set[int]) -> None:
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    text = ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    assert parse_indexes(text) == tuple(sorted(indexes))


def pod(*statuses: dict[str, Any], **status: Any) -> dict[str, Any]:
    metadata = {"name": "p", "labels": {"segue.dev/component": "sink"}}
    return {"metadata": metadata, "status": {"containerStatuses": list(statuses), **status}}


def terminated(name: str, code: int, message: str = "", reason: str = "Error") -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code, "message": message, "reason": reason}}}


def test_only_our_container_counts() -> None:
    view = observe_pod(pod(terminated("istio-proxy", 0), terminated("sink", 3, "m")))
    assert (view.exit_code, view.message) == (3, "m")


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError"])
def test_reasons_for_waiting_are_seen(reason: str) -> None:
    state = {"waiting": {"reason": reason, "message": "why"}}
    assert observe_pod(pod({"name": "sink", "state": state})).waiting == Waiting(reason, "why")


def test_a_pod_that_is_being_made_is_not_waiting() -> None:
    state = {"waiting": {"reason": "ContainerCreating"}}
    assert observe_pod(pod({"name": "sink", "state": state})).waiting is None


def test_a_container_that_keeps_crashing_gives_its_own_reason() -> None:
    status = {
        "name": "sink",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
        "lastState": {"terminated": {"exitCode": 2, "message": Summary(error="MONGODB_URI is not set").encode()}},
    }
    assert observe_pod(pod(status)).waiting == Waiting("CrashLoopBackOff", "MONGODB_URI is not set")


def test_a_pod_that_is_scheduled_does_not_wait() -> None:
    scheduled = {"type": "PodScheduled", "status": "True"}
    assert observe_pod(pod(conditions=[scheduled])).waiting is None
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no claim"}
    assert observe_pod(pod(conditions=[refused])).waiting == Waiting("Unschedulable", "no claim")


def test_pods_of_an_earlier_job_of_the_name_are_left_out() -> None:
    view = observe_job({"metadata": {"name": "j", "uid": "new"}, "spec": {}})
    pods = [PodView(name, "extract", owner=owner) for name, owner in (("a", "old"), ("b", "new"), ("c", None))]
    assert [pod.name for pod in of_job(pods, Component.EXTRACT, view)] == ["b", "c"]


def test_the_pod_that_ended_last_gives_the_account() -> None:
    def ended(name: str, time: str, listed: int) -> PodView:
        message = VerifySummary(listed=listed).encode()
        return PodView(name, "verify", finished=time, exit_code=0, message=message)

    pods = of_job(
        [ended("b", "2026-01-01T00:00:02Z", 2), ended("a", "2026-01-01T00:00:01Z", 1)], Component.VERIFY, None
    )
    summary = pod_reports.last_verification(pods)
    assert summary is not None
    assert summary.listed == 2


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (PodView("p", "extract", exit_code=2, message=Summary(error="no column").encode()), "no column"),
        (PodView("p", "extract", exit_code=137, ended_reason="OOMKilled"), "OOMKilled"),
        (PodView("p", "extract", exit_code=1, message="line\nlast line\n\n"), "last line"),
        (PodView("p", "extract", exit_code=1, ended_reason="ContainerCannotRun"), "ContainerCannotRun"),
        (PodView("p", "extract", exit_code=9), "exit code 9"),
    ],
)
def test_a_failure_shows_the_best_message_available(view: PodView, words: str) -> None:
    assert words in pod_reports.error_of(view)


@pytest.mark.parametrize(
    "message",
    ['{"listed": "many"}', '{"rejectedByReason": {"Silent": "x"}}', '{"listed": -1}', '{"listed": true}', "[1]", "{"],
)
def test_a_message_of_another_shape_is_not_an_account(message: str) -> None:
    view = PodView("p", "extract", exit_code=0, message=message, index=0)
    assert pod_reports.progress(TrackBatchStatus(), [view]) is None
    assert pod_reports.last_verification([view]) is None


@pytest.mark.parametrize(
    "summary",
    [
        ExtractSummary(shard=1, listed=2, rejected_by_reason={"Silent": 1}),
        VerifySummary(listed=3, first_missing=["a"]),
        TrainSummary(model="music:1", metrics={"precision": "0.4"}, promoted=True),
        Summary(error="e"),
    ],
)
def test_every_summary_reads_back_what_it_wrote(summary: Summary) -> None:
    assert type(summary).decode(summary.encode()) == summary


def test_the_account_of_a_verified_batch_names_what_stands_beside_it() -> None:
    summary = VerifySummary(
        listed=3, stored=3, alternatives=2, passed_over={"Hidden": 1, "NotAudio": 0}, links_passed_over=["a/up/"] * 20
    )
    counts = pod_reports.final(summary)
    assert (counts.tracks.listed, counts.tracks.alternatives) == (3, 2)
    assert counts.passed_over == {"Hidden": 1}
    assert counts.links_passed_over == ["a/up/"] * 10
