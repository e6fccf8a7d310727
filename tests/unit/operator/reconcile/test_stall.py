"""What a resource says that makes no progress: what it waits for, since when, and when it says so.

Each row of the tables is a hindrance in the simulated cluster, and what the condition Stalled says of it in time.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_operator.reconcile.stall import CONFIRMATION_SECONDS
from support.batches import EXTRACT, SINK, VERIFY, started
from support.hindrances import (
    BATCH_WAITS,
    EXECUTOR,
    EXTRACTED,
    FIRST,
    NOW,
    RUN_WAITS,
    WORKING,
    Happen,
    batch,
    both,
    live,
    run,
    running,
    since,
    sink_ready,
    stalled,
    submitted,
    unschedulable,
    waiting,
)
from support.simulated_cluster import SimulatedCluster

Row = tuple[Callable[[], SimulatedCluster], Happen, str, str, int]


@pytest.mark.parametrize("row", [*BATCH_WAITS.values(), *RUN_WAITS.values()], ids=[*BATCH_WAITS, *RUN_WAITS])
def test_a_hindrance_is_a_stall_after_its_patience_and_not_before(row: Row) -> None:
    make, happen, reason, clock, patience = row
    cluster = make()
    happen(cluster)
    began = cluster.now
    cluster.step()
    status, told, _ = stalled(cluster)
    assert (status, told) == (("Unknown", reason) if clock == NOW else ("False", "NotStalled"))
    live(cluster, patience - 5)
    assert stalled(cluster)[0] != "True"
    live(cluster, 5 + CONFIRMATION_SECONDS + 1)
    status, told, message = stalled(cluster)
    assert (status, told) == ("True", reason)
    assert abs((since(cluster) - began).total_seconds()) <= 2
    assert f"since {since(cluster):%Y-%m-%d %H:%M:%S} UTC" in message
    assert message.startswith("waiting for ")
    assert "; " in message, "it says what to do"
    live(cluster, 3600)
    assert [event.message for event in cluster.events if event.reason == "Stalled"] == [message]
    assert stalled(cluster) == ("True", reason, message)


@pytest.mark.parametrize(
    ("make", "happen"),
    [
        (started, running(EXTRACT)),
        (started, both(running(EXTRACT), waiting(EXTRACT))),
        (started, both(running(EXTRACT), unschedulable(EXTRACT), waiting(SINK, "CrashLoopBackOff"))),
        (EXTRACTED, both(sink_ready, running(VERIFY))),
        (lambda: run(batches=["songs"]), batch()),
        (submitted("RUNNING"), WORKING),
        (submitted("RUNNING"), both(WORKING, running(FIRST, **EXECUTOR), unschedulable(FIRST, **EXECUTOR))),
        (submitted("UNKNOWN"), WORKING),
        (submitted("RUNNING"), both(WORKING, lambda c: c.end_pod(FIRST, 1, **EXECUTOR))),
    ],
    ids=[
        "one long shard", "one shard runs, another waits", "extraction continues without a sink", "verify runs",
        "a batch at work", "a long training", "one executor is enough", "Spark does not know, but the driver runs",
        "executors have ended",
    ],
)  # fmt: skip
def test_whatever_is_at_work_is_not_stalled_however_long_it_takes(
    make: Callable[[], SimulatedCluster], happen: Happen
) -> None:
    cluster = make()
    happen(cluster)
    for _ in range(12):
        live(cluster, 7200)
        assert stalled(cluster)[:2] == ("False", "NotStalled")
    assert "Stalled" not in {event.reason for event in cluster.events}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*BATCH_WAITS, *RUN_WAITS]), st.lists(st.tuples(st.floats(0, 400), st.booleans()), max_size=8))
def test_a_suspended_resource_is_never_stalled_and_a_stalled_one_waits_since_its_patience(
    name: str, days: list[tuple[float, bool]]
) -> None:
    make, happen, _, _, patience = (BATCH_WAITS | RUN_WAITS)[name]
    cluster = make()
    happen(cluster)
    for seconds, suspend in days:
        cluster.pass_time(seconds)
        cluster.change_spec(suspend=suspend)
        for _ in range(3):
            cluster.step()
        assert cluster.plan().is_empty
        if suspend:
            assert stalled(cluster)[0] == "False"
        if stalled(cluster)[0] == "True":
            assert (cluster.now - since(cluster)).total_seconds() >= patience - 1


def test_a_long_reason_does_not_hide_what_to_do() -> None:
    cluster = submitted("SUBMISSION_FAILED", "Exception in thread main " + "x" * 3000 + "\n\tat y")()
    live(cluster, 180)
    message = stalled(cluster)[2]
    assert message.endswith("; fix what the error names: the Spark operator tries again")
    assert "Exception in thread main x" in message
    assert len(message) <= 1024
