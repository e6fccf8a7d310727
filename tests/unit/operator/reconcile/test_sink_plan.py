"""When a namespace has a sink, for which batches, and with how many pods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.children.config import ChildConfig
from segue_operator.children.sink_deployment import build_sink_deployment, sink_key
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.plans import Observed, Plan
from segue_operator.reconcile.sink_plan import RECORDS_PER_SINK, plan_sink, replicas_for
from support.children import PLAIN
from support.manifests import track_batch

KEY = sink_key("default")


def batch(name: str, queued: tuple[str, str] | None = ("False", "Admitted"), **spec: Any) -> Manifest:
    """A batch as the queue has left it: at work, unless told otherwise."""
    conditions = [] if queued is None else [{"type": "Queued", "status": queued[0], "reason": queued[1]}]
    return track_batch(name, **spec) | {"status": {"conditions": conditions}}


def ended(name: str, **spec: Any) -> Manifest:
    return track_batch(name, **spec) | {"status": {"conditions": [{"type": "Succeeded", "status": "True"}]}}


def planned(
    *batches: Manifest, sinks: tuple[Manifest, ...] = (), lag: int | None = None, config: ChildConfig = PLAIN
) -> Plan:
    return plan_sink(KEY, Observed({Key.of(sink): sink for sink in sinks}, batches=batches), lag, config)


def present(*batches: Manifest, replicas: int = 1, config: ChildConfig = PLAIN) -> Manifest:
    return build_sink_deployment("default", batches, replicas, config)


def owners(plan: Plan) -> list[str]:
    (sink,) = plan.apply
    return [owner["name"] for owner in sink["metadata"]["ownerReferences"]]


def test_the_first_batch_at_work_brings_a_sink_and_the_last_takes_it_away() -> None:
    assert owners(planned(batch("a"))) == ["a"]
    one = present(batch("a"))
    assert planned(batch("a"), sinks=(one,)).is_empty
    assert owners(planned(batch("a"), batch("b"), sinks=(one,))) == ["a", "b"]
    both = present(batch("a"), batch("b"))
    assert owners(planned(ended("a"), batch("b"), sinks=(both,))) == ["b"]
    assert planned(ended("a"), ended("b"), sinks=(both,)) == Plan(delete=(KEY,))
    assert planned(ended("a"), ended("b")).is_empty


@pytest.mark.parametrize(
    "idle",
    [
        batch("a", None),
        batch("a", ("True", "Queued")),
        batch("a", suspend=True),
        ended("a"),
        ended("a", suspend=True, sink={"keepRunning": True}),
    ],
    ids=["new", "queued", "suspended", "ended", "kept, but suspended"],
)
def test_a_batch_that_does_not_work_needs_no_sink(idle: Manifest) -> None:
    assert planned(idle).is_empty


def test_a_sink_waits_for_the_next_batch_of_the_queue() -> None:
    assert planned(ended("a"), batch("b", ("True", "Queued")), sinks=(present(batch("a")),)).is_empty


def test_a_batch_that_has_ended_may_keep_the_sink_running() -> None:
    kept = ended("a", sink={"keepRunning": True})
    assert owners(planned(kept)) == ["a"]
    deleted = kept | {"metadata": kept["metadata"] | {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert planned(deleted, sinks=(present(kept),)) == Plan(delete=(KEY,))


def test_the_largest_number_of_replicas_counts() -> None:
    plan = planned(batch("a"), batch("b", sink={"replicas": 3}), batch("c", sink={"replicas": 2}))
    assert plan.apply[0]["spec"]["replicas"] == 3
    sink = present(batch("a"), batch("b"), replicas=3)
    fewer = planned(batch("a"), ended("b", sink={"replicas": 3}), sinks=(sink,), lag=0)
    assert fewer.apply[0]["spec"]["replicas"] == 1


def test_an_upgrade_replaces_the_pods() -> None:
    newer = replace(PLAIN, jobs_image="segue-jobs:next")
    (sink,) = planned(batch("a"), sinks=(present(batch("a")),), config=newer).apply
    assert sink["spec"]["template"]["spec"]["containers"][0]["image"] == "segue-jobs:next"


def test_what_waits_brings_more_pods_within_the_bounds() -> None:
    sink = present(batch("a"))
    assert planned(batch("a"), sinks=(sink,), lag=RECORDS_PER_SINK).is_empty
    many = planned(batch("a"), sinks=(sink,), lag=100 * RECORDS_PER_SINK)
    assert many.apply[0]["spec"]["replicas"] == 4
    assert many.requeue_after_seconds == 15
    partitions = replace(PLAIN, topic_partitions=2)
    few = planned(batch("a"), sinks=(present(batch("a"), config=partitions),), lag=10**9, config=partitions)
    assert few.apply[0]["spec"]["replicas"] == 2, "more than partitions would be idle"
    one = replace(PLAIN, sink_max_replicas=1)
    assert planned(batch("a"), sinks=(present(batch("a"), config=one),), lag=10**9, config=one) == Plan()


def test_a_sink_of_somebody_else_is_never_touched() -> None:
    other = {"kind": "Deployment", "metadata": {"name": KEY.name, "namespace": "default", "uid": "x"}, "spec": {}}
    assert planned(batch("a"), sinks=(other,)) == Plan(requeue_after_seconds=30)
    assert planned(sinks=(other,)).is_empty


def test_a_sink_of_one_batch_goes_after_an_upgrade() -> None:
    old = {
        "kind": "Deployment",
        "metadata": {
            "name": "a-sink",
            "namespace": "default",
            "labels": {"app.kubernetes.io/managed-by": "segue-operator", "segue.dev/component": "sink"},
            "ownerReferences": [{"kind": "TrackBatch", "name": "a", "uid": "uid-a", "controller": True}],
        },
        "spec": {},
    }
    plan = planned(batch("a"), sinks=(old,))
    assert plan.delete == (Key(Kind.DEPLOYMENT, "default", "a-sink"),)
    assert owners(plan) == ["a"]
    namesake = old | {"metadata": old["metadata"] | {"name": KEY.name}}  # of a batch that is called segue
    assert planned(batch("a"), sinks=(namesake,)).delete == (KEY,)


@given(st.none() | st.integers(0, 10**7), st.integers(1, 64), st.integers(1, 8), st.integers(0, 8))
def test_the_number_of_pods_stays_in_its_bounds_and_settles(lag: int | None, now: int, least: int, more: int) -> None:
    most = least + more
    replicas = replicas_for(lag, now, least, most)
    assert least <= replicas <= most
    assert replicas_for(lag, replicas, least, most) == replicas
    if lag is not None and lag > RECORDS_PER_SINK * replicas:
        assert replicas == most
