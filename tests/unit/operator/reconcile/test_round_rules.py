"""What holds of the rounds of a TrainingRun, whatever happens to its catalogue and its applications."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.contract.times import parse_timestamp
from segue_operator.reconcile.plans import Plan
from segue_operator.reconcile.rounds import PAUSE
from support.runs import PUBLISHED, fail, ingested, publish, trained
from support.simulated_cluster import SimulatedCluster

Happening = Callable[[SimulatedCluster, int], None]


def check_start(before: SimulatedCluster, planned: Plan, after: SimulatedCluster) -> None:
    """Rules of a pass in which a round starts."""
    old, new = before.resource["status"], after.resource["status"]
    retrain = new["retrain"]
    assert retrain["round"] == old.get("retrain", {}).get("round", 1) + 1
    assert before.condition("Succeeded")[0] != "Unknown", "never two rounds at once"
    assert not before.resource["spec"]["suspend"]
    assert retrain["changedTracks"] >= 9
    assert retrain["previousRound"]["number"] == retrain["round"] - 1
    assert retrain["previousRound"]["succeeded"] is (before.condition("Succeeded")[0] == "True")
    assert min(one["number"] for one in new["attempts"]) > max(one["number"] for one in old["attempts"])
    if retrain["failures"]:
        ended = parse_timestamp(old["completionTime"])
        assert (after.now - ended).total_seconds() >= PAUSE.pause(retrain["failures"])
    assert len(planned.create) <= 1


def at_work(cluster: SimulatedCluster) -> list[str]:
    return sorted(key.name for key, child in cluster.objects.items() if "status" not in child)


def win(cluster: SimulatedCluster, number: int) -> None:
    for name in at_work(cluster):
        publish(cluster, name, replace(PUBLISHED, model=f"music:{number + 4}"))


def lose(cluster: SimulatedCluster, _number: int) -> None:
    for name in at_work(cluster):
        fail(cluster, name)


def toggle_suspend(cluster: SimulatedCluster, _number: int) -> None:
    cluster.change_spec(suspend=not cluster.resource["spec"]["suspend"])


def forget_batches(cluster: SimulatedCluster, _number: int) -> None:
    cluster.batches = ()


def lose_applications(cluster: SimulatedCluster, _number: int) -> None:
    cluster.objects.clear()


def ingest(tracks: int) -> Happening:
    return lambda cluster, number: ingested(cluster, f"b{number}", added=tracks)


def wait(seconds: int) -> Happening:
    return lambda cluster, _number: cluster.pass_time(seconds)


HAPPENINGS = [win, lose, toggle_suspend, forget_batches, lose_applications, ingest(1), ingest(5), ingest(40), wait(1),
              wait(600), wait(3600), wait(86_400)]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([{}, {"schedule": "0 3 * * *"}]),
    st.integers(0, 1),
    st.lists(st.sampled_from(HAPPENINGS), min_size=1, max_size=12),
)
def test_rounds_follow_each_other(retrain: dict[str, Any], limit: int, happenings: list[Happening]) -> None:
    cluster = trained(retrain=retrain, backoffLimit=limit)
    for number, happen in enumerate(happenings):
        happen(cluster, number)
        for _ in range(5):
            before = copy.deepcopy(cluster)
            planned = cluster.step()
            if "Retraining" in [event.reason for event in planned.events]:
                check_start(before, planned, cluster)
            assert cluster.status_errors() == []
            if planned.is_empty:
                break
        assert cluster.plan().is_empty, "the plan does not converge"
        assert len(at_work(cluster)) <= 1
