"""The clock of a stall: when it starts, when it starts again, and what it survives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from segue_core.contract.times import timestamp
from segue_operator.reconcile.stall import CONFIRMATION_SECONDS, PATIENCE_SECONDS
from support.batches import EXTRACT, VERIFY, started
from support.hindrances import foreign, live, running, since, stalled, waiting
from support.manifests import track_batch
from support.simulated_cluster import START, SimulatedCluster


def test_a_stall_ends_when_the_pod_starts_and_can_start_again() -> None:
    cluster = started()
    waiting(EXTRACT)(cluster)
    live(cluster, 200)
    assert stalled(cluster)[0] == "True"
    cluster.pods.clear()
    running(EXTRACT)(cluster)
    live(cluster, 1)
    assert stalled(cluster) == ("False", "NotStalled", "")
    cluster.pods.clear()
    waiting(EXTRACT)(cluster)
    live(cluster, 60)
    assert stalled(cluster)[0] == "Unknown"
    live(cluster, 100)
    assert len([event for event in cluster.events if event.reason == "Stalled"]) == 2


def test_another_word_for_the_same_hindrance_does_not_set_the_clock_back() -> None:
    cluster = started()
    waiting(EXTRACT, "ErrImagePull")(cluster)
    live(cluster, 70)
    cluster.pods.clear()
    waiting(EXTRACT, "ImagePullBackOff")(cluster)
    live(cluster, 70)
    assert stalled(cluster)[0] == "True"
    assert since(cluster) == START
    assert "ImagePullBackOff: no such image" in stalled(cluster)[2]


@pytest.mark.parametrize("first_seconds", [100, 1000], ids=["not stalled yet", "already stalled"])
def test_the_next_hindrance_starts_the_clock_again(first_seconds: float) -> None:
    cluster = started()
    waiting(EXTRACT)(cluster)
    live(cluster, first_seconds)
    cluster.pods.clear()
    foreign(VERIFY)(cluster)
    began = cluster.now
    live(cluster, PATIENCE_SECONDS - 1)
    assert stalled(cluster)[:2] == ("Unknown", "NameConflict")
    live(cluster, 2)
    assert stalled(cluster)[:2] == ("True", "NameConflict")
    assert since(cluster) == began
    assert f"since {began:%Y-%m-%d %H:%M:%S} UTC" in stalled(cluster)[2]


def test_a_moment_between_two_pods_is_not_a_stall() -> None:
    """The Job is old and has no pod: it was drained, and the next pod is not there yet."""
    cluster = started()
    running(EXTRACT)(cluster)
    live(cluster, 7200)
    cluster.pods.clear()
    cluster.step()
    assert stalled(cluster)[0] == "Unknown"
    live(cluster, CONFIRMATION_SECONDS - 1)
    running(EXTRACT)(cluster)
    live(cluster, 1)
    assert stalled(cluster)[0] == "False"
    assert "Stalled" not in {event.reason for event in cluster.events}


def test_the_clock_outlives_the_operator() -> None:
    """Nothing but the status is remembered: an operator that was away for an hour knows since when."""
    cluster = started()
    waiting(EXTRACT)(cluster)
    cluster.step()
    cluster.pass_time(3600)
    cluster.step()
    assert stalled(cluster)[0] == "True"
    assert since(cluster) == START


@pytest.mark.parametrize("hours", [24, -24], ids=["forward", "back"])
def test_a_clock_that_jumps_does_not_silence_a_stall(hours: int) -> None:
    """An object says since when (the Job without a pod), or nothing does (the image that is missing)."""
    for happen in (waiting(EXTRACT), lambda _cluster: None):
        cluster = started()
        happen(cluster)
        cluster.step()
        cluster.now += timedelta(hours=hours)
        began = cluster.now
        live(cluster, PATIENCE_SECONDS + CONFIRMATION_SECONDS + 1)
        assert stalled(cluster)[0] == "True"
        assert since(cluster) in (began, START)


def test_a_suspension_ends_it_and_sets_the_clock_back() -> None:
    cluster = started()
    live(cluster, 300)
    assert stalled(cluster)[:2] == ("True", "PodMissing")
    cluster.change_spec(suspend=True)
    live(cluster, 300)
    assert stalled(cluster)[0] == "False"
    cluster.change_spec(suspend=False)
    live(cluster, 100)
    assert stalled(cluster)[0] == "False"
    live(cluster, 60)
    assert stalled(cluster)[0] == "True"


def test_a_resource_that_ends_is_not_stalled() -> None:
    cluster = started(activeDeadlineSeconds=600)
    waiting(EXTRACT)(cluster)
    live(cluster, 500)
    assert stalled(cluster)[0] == "True"
    live(cluster, 200)
    assert cluster.condition("Failed")[1] == "DeadlineExceeded"
    assert stalled(cluster)[:2] == ("False", "NotStalled")
    broken = started()
    live(broken, 300)
    broken.resource["spec"]["source"]["audioPath"] = "../etc"
    broken.step()
    assert broken.condition("Failed")[1] == "InvalidSpec"
    assert stalled(broken)[0] == "False"


def test_times_are_written_as_kubernetes_does() -> None:
    cluster = SimulatedCluster(track_batch(), now=datetime(2026, 1, 1, 12, 0, 0, 900_000, tzinfo=UTC))
    foreign(EXTRACT)(cluster)
    live(cluster, 180)
    assert timestamp(since(cluster)) == "2026-01-01T12:00:00Z"
    assert stalled(cluster)[2] == (
        "waiting for the name of Job songs-extract since 2026-01-01 12:00:00 UTC; Job songs-extract exists and belongs "
        "to something else: delete or rename it, or rename this resource"
    )
