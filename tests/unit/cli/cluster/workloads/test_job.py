"""The Job controller decides as Kubernetes' does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.cluster.workloads.changes import Changes
from segue.cluster.workloads.job import INDEX, reconcile_job
from segue_operator.kinds.objects import Manifest
from support.workloads import NOW, condition, failure_policy, job, pod, stored

LATER = NOW + timedelta(hours=1)


def index_of(manifest: Manifest) -> int:
    return int(manifest["metadata"]["annotations"][INDEX])


def step(pods: Sequence[Manifest] = (), status: dict[str, Any] | None = None, **spec: Any) -> Changes:
    """One step of a Job an hour after its pods."""
    return reconcile_job(stored(job("j", **spec)) | {"status": status or {}}, pods, LATER)


def end_of(outcome: Changes, type_: str = "Failed") -> dict[str, Any]:
    return condition({"status": outcome.status or {}}, type_)


def terminating(manifest: Manifest) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "deletionTimestamp": "2026-11-22T12:00:00Z"}}


def test_pods_of_the_lowest_indexes_start_first_up_to_the_parallelism() -> None:
    outcome = step(completions=5, parallelism=2)
    assert [index_of(created) for created in outcome.create] == [0, 1]
    assert outcome.status is not None
    assert outcome.status["active"] == 2


def test_pod_carries_owner_labels_index_and_the_index_variable() -> None:
    [created] = step(completions=1, backoffLimitPerIndex=1).create
    metadata = created["metadata"]
    assert metadata["generateName"] == "j-0-"
    assert metadata["ownerReferences"][0]["uid"] == "uid-1"
    assert metadata["labels"] | {"batch.kubernetes.io/job-name": "j", INDEX: "0", "app": "test"} == metadata["labels"]
    assert created["spec"]["containers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX", "value": "0"}]


def test_no_more_pods_than_missing_completions() -> None:
    done = [pod(f"p{index}", index=index, exit_code=0) for index in (0, 2)]
    assert [index_of(created) for created in step(done, completions=3, parallelism=3).create] == [1]


def test_job_is_complete_when_every_index_has_succeeded() -> None:
    outcome = step([pod(f"p{index}", index=index, exit_code=0) for index in range(3)], completions=3)
    assert end_of(outcome, "Complete")["reason"] == "CompletionsReached"
    assert outcome.status is not None
    assert outcome.status["completedIndexes"] == "0,1,2"


def test_two_successes_of_one_index_are_one_completion() -> None:
    outcome = step([pod("a", index=0, exit_code=0), pod("b", index=0, exit_code=0)], completions=2)
    assert outcome.status is not None
    assert outcome.status["succeeded"] == 1
    assert [index_of(created) for created in outcome.create] == [1]


def test_failed_index_is_retried_after_a_pause_that_doubles() -> None:
    given_job = stored(job("j", completions=1, backoffLimitPerIndex=5))
    failed = [pod("a", index=0, exit_code=1), pod("b", index=0, exit_code=1, seconds=10)]
    early = reconcile_job(given_job, failed, NOW + timedelta(seconds=11))
    assert early.create == ()
    assert early.look_again_seconds == pytest.approx(1)
    late = reconcile_job(given_job, failed, NOW + timedelta(seconds=12))
    assert [index_of(created) for created in late.create] == [0]


def test_a_clock_that_is_set_back_does_not_make_a_retry_wait_for_it() -> None:
    given_job = stored(job("j", completions=1, backoffLimitPerIndex=5))
    failed = [pod("a", index=0, exit_code=1, seconds=86_400)]
    assert len(reconcile_job(given_job, failed, NOW).create) == 1
    again = reconcile_job(given_job, [*failed, pod("b", index=0, exit_code=1)], NOW)
    assert again.create == ()
    assert again.look_again_seconds == pytest.approx(2)


def test_backing_off_index_does_not_hold_up_the_others() -> None:
    outcome = reconcile_job(
        stored(job("j", completions=3, parallelism=1, backoffLimitPerIndex=5)), [pod("a", index=0, exit_code=1)], NOW
    )
    assert [index_of(created) for created in outcome.create] == [1]


@pytest.mark.parametrize(("limit", "reason"), [(0, "FailedIndexes"), (1, None)])
def test_index_fails_when_its_own_limit_is_exceeded(limit: int, reason: str | None) -> None:
    outcome = step([pod("a", index=0, exit_code=1)], completions=1, backoffLimitPerIndex=limit)
    assert end_of(outcome).get("reason") == reason


def test_job_fails_beyond_its_backoff_limit() -> None:
    failed = [pod(f"p{number}", index=0, exit_code=1) for number in range(2)]
    assert end_of(step(failed, backoffLimit=2)) == {}
    assert end_of(step(failed, backoffLimit=1))["reason"] == "BackoffLimitExceeded"


def test_job_is_failed_only_once_no_pod_runs_any_more() -> None:
    seen = [pod("a", index=0, exit_code=2), pod("b", index=1)]
    spec: dict[str, Any] = {"completions": 2, "podFailurePolicy": failure_policy(FailJob=[2])}
    first = step(seen, **spec)
    assert first.status is not None
    assert [deleted.name for deleted in first.delete] == ["b"]
    assert end_of(first) == {}
    second = step([seen[0], terminating(seen[1])], dict(first.status), **spec)
    assert (second.create, second.delete, end_of(second)) == ((), (), {})
    third = step(seen[:1], dict(second.status or first.status), **spec)
    assert end_of(third)["reason"] == "PodFailurePolicy"
    assert "main for pod default/a failed with exit code 2 matching FailJob rule at index 0" in end_of(third)["message"]


@pytest.mark.parametrize(("code", "counted", "failed_indexes"), [(1, 1, ""), (3, 1, "0"), (137, 1, "")])
def test_exit_codes_are_judged_by_the_failure_policy(code: int, counted: int, failed_indexes: str) -> None:
    outcome = step(
        [pod("a", index=0, exit_code=code)],
        completions=2,
        backoffLimitPerIndex=3,
        podFailurePolicy=failure_policy(FailJob=[2], FailIndex=[3]),
    )
    assert outcome.status is not None
    assert (outcome.status["failed"], outcome.status["failedIndexes"]) == (counted, failed_indexes)


def test_disruptions_are_ignored_where_the_policy_says_so() -> None:
    lost = pod("a", index=0, exit_code=137, conditions=[{"type": "DisruptionTarget", "status": "True"}])
    outcome = step([lost], completions=1, backoffLimitPerIndex=0, podFailurePolicy=failure_policy(FailJob=[2]))
    assert outcome.status is not None
    assert outcome.status["failed"] == 0
    assert [index_of(created) for created in outcome.create] == [0]


def test_suspending_ends_pods_and_resuming_starts_them_again() -> None:
    suspended = step([pod("a", index=0)], suspend=True)
    assert [deleted.name for deleted in suspended.delete] == ["a"]
    assert suspended.create == ()
    assert [index_of(created) for created in step([]).create] == [0]


def test_a_pod_is_replaced_once_it_has_ended() -> None:
    assert step([terminating(pod("a", index=0))]).create == ()


def test_lower_parallelism_ends_the_highest_indexes() -> None:
    outcome = step([pod(f"p{index}", index=index) for index in range(3)], completions=3, parallelism=1)
    assert sorted(deleted.name for deleted in outcome.delete) == ["p1", "p2"]


def test_parallelism_zero_pauses() -> None:
    spec = {**job("j", completions=2)["spec"], "parallelism": 0}
    assert reconcile_job({**stored(job("j")), "spec": spec}, [], LATER).create == ()


def test_without_indexes_a_job_has_one_completion() -> None:
    def plain(*pods: Manifest, **spec: Any) -> Changes:
        return step(pods, completionMode="NonIndexed", backoffLimit=1, **spec)

    [created] = plain().create
    assert created["metadata"]["generateName"] == "j-"
    assert "env" not in created["spec"]["containers"][0]
    assert plain(pod("a")) == Changes(status={"active": 1, "succeeded": 0, "failed": 0})
    assert len(plain(pod("a", exit_code=1)).create) == 1
    assert end_of(plain(pod("a", exit_code=1), pod("b", exit_code=1)))["reason"] == "BackoffLimitExceeded"
    assert end_of(plain(pod("a", exit_code=1), pod("b", exit_code=0)), "Complete")["status"] == "True"


def test_finished_job_stays_as_it_is() -> None:
    status = {"conditions": [{"type": "Complete", "status": "True"}]}
    assert step([pod("a", index=0, exit_code=1)], status) == Changes()


@settings(deadline=None)
@given(
    completions=st.integers(1, 5),
    parallelism=st.integers(1, 5),
    limit=st.integers(0, 2),
    codes=st.lists(st.sampled_from([0, 1, 2, 3, 137]), min_size=40, max_size=40),
    fail_job=st.booleans(),
)
def test_every_job_ends_and_keeps_its_limits(
    completions: int, parallelism: int, limit: int, codes: list[int], fail_job: bool
) -> None:
    policy = failure_policy(FailIndex=[3], **({"FailJob": [2]} if fail_job else {}))
    given_job = stored(
        job("j", completions=completions, parallelism=parallelism, backoffLimitPerIndex=limit, podFailurePolicy=policy)
    )
    pods: dict[str, Manifest] = {}
    now = NOW
    for number in range(200):
        outcome = reconcile_job(given_job, list(pods.values()), now)
        if outcome.status is not None:
            given_job = {**given_job, "status": dict(outcome.status)}
        for deleted in outcome.delete:
            del pods[deleted.name]
        for created in outcome.create:
            pods[f"p{number}-{index_of(created)}"] = pod(f"p{number}-{index_of(created)}", index=index_of(created))
        running = [found for found in pods.values() if found["status"]["phase"] == "Running"]
        assert len(running) <= parallelism
        assert len({index_of(found) for found in running}) == len(running)
        if end := condition(given_job, "Complete") or condition(given_job, "Failed"):
            break
        now += timedelta(seconds=100)
        if running:
            name = running[0]["metadata"]["name"]
            seconds = (now - NOW).total_seconds()
            pods[name] = pod(name, index=index_of(running[0]), exit_code=codes.pop() if codes else 0, seconds=seconds)
    else:
        raise AssertionError("the Job never ended")
    tries = [index_of(found) for found in pods.values()]
    assert all(tries.count(index) <= limit + 1 for index in range(completions))
    if end["type"] == "Complete":
        assert given_job["status"]["succeeded"] == completions
    again = reconcile_job(given_job, list(pods.values()), now)
    assert again == Changes()
