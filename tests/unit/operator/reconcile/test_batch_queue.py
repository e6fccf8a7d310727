"""So many batches work at the same time, the oldest first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.children.config import ACTIVE_BATCHES
from segue_operator.kinds.objects import Manifest
from segue_operator.reconcile.batch_queue import Place, holds_place, place_of, waits_for_place
from support.manifests import track_batch
from support.simulated_queue import SimulatedQueue

NAMES = tuple("abcdefgh")
ACTIONS = ("create", "delete", "suspend", "resume", "step", "finish", "time")
HISTORIES = st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(NAMES)), max_size=60)


def act(queue: SimulatedQueue, action: str, name: str) -> None:
    """One thing that may happen."""
    if action == "time":
        queue.pass_time(1)
    elif action == "create" and name not in queue.clusters:
        queue.create(name)
    elif name in queue.clusters:
        match action:
            case "delete":
                queue.delete(name)
            case "suspend" | "resume":
                queue.suspend(name, suspend=action == "suspend")
            case "finish":
                queue.finish_work(name)
            case "step":
                queue.step(name)


def settle(queue: SimulatedQueue, *, work: bool) -> None:
    """Passes over all batches, and their work, until nothing changes any more."""
    changed = True
    while changed:
        changed = False
        for name in queue.clusters:
            changed |= not queue.step(name).is_empty
            if work:
                queue.finish_work(name)


@given(HISTORIES)
def test_never_more_batches_hold_a_place_than_may(history: list[tuple[str, str]]) -> None:
    queue = SimulatedQueue()
    for action, name in history:
        act(queue, action, name)
        assert len(queue.active) <= ACTIVE_BATCHES
    settle(queue, work=False)
    assert queue.at_work <= queue.active


@given(HISTORIES)
def test_every_batch_comes_to_its_end(history: list[tuple[str, str]]) -> None:
    queue = SimulatedQueue()
    for action, name in history:
        act(queue, action, name)
    for name in queue.clusters:
        queue.suspend(name, suspend=False)
    settle(queue, work=True)
    assert queue.unfinished == set()


@given(HISTORIES)
def test_no_place_stays_free_while_a_batch_waits(history: list[tuple[str, str]]) -> None:
    queue = SimulatedQueue()
    for action, name in history:
        act(queue, action, name)
    settle(queue, work=False)
    waiting = [name for name in queue.clusters if waits_for_place(queue.resource(name))]
    assert not waiting or len(queue.active) == ACTIVE_BATCHES


@given(st.sets(st.sampled_from(NAMES), min_size=1), st.integers(min_value=1, max_value=8))
def test_positions_count_from_1_without_a_gap(names: set[str], limit: int) -> None:
    batches = [created(name, second) for second, name in enumerate(sorted(names))]
    places = [place_of(batch, batches, limit) for batch in batches]
    assert [place.position if place else None for place in places] == [
        None if number <= limit else number for number in range(1, len(batches) + 1)
    ]


def test_the_oldest_starts_first_whatever_its_name() -> None:
    queue = SimulatedQueue()
    for name in reversed(NAMES):
        queue.create(name)
        queue.pass_time(1)
    settle(queue, work=False)
    assert queue.active == set("hgfe")
    assert queue.resource("a")["status"]["phase"] == "Queued"
    assert queue.clusters["a"].condition("Queued") == (
        "True",
        "Queued",
        "position 4 of 4 in the queue: 4 batches are active",
    )
    assert queue.clusters["a"].condition("Succeeded")[:2] == ("Unknown", "Queued")
    assert queue.clusters["a"].objects == {}


def test_the_next_one_starts_when_one_ends_is_suspended_or_deleted() -> None:
    queue = SimulatedQueue()
    for name in NAMES:
        queue.create(name)
        queue.pass_time(1)
    settle(queue, work=False)
    queue.finish_work("a")
    for _ in range(2):
        queue.step("a")
        queue.finish_work("a")
    queue.step("a")
    queue.suspend("b", suspend=True)
    queue.delete("c")
    settle(queue, work=False)
    assert queue.active == set("defg")


def test_a_resumed_batch_queues_again_and_its_pods_wait() -> None:
    queue = SimulatedQueue()
    for name in NAMES[:5]:
        queue.create(name)
        queue.pass_time(1)
    settle(queue, work=False)
    queue.suspend("a", suspend=True)
    settle(queue, work=False)
    assert queue.active == set("bcde")
    queue.suspend("a", suspend=False)
    settle(queue, work=False)
    first = queue.clusters["a"]
    assert first.condition("Queued")[2].startswith("position 1 of 1")
    job = first.child("a-extract")
    assert job is not None
    assert job["spec"]["suspend"]
    queue.delete("e")
    settle(queue, work=False)
    job = first.child("a-extract")
    assert job is not None
    assert not job["spec"]["suspend"]


def test_the_deadline_does_not_run_in_the_queue() -> None:
    queue = SimulatedQueue()
    for name in NAMES[:5]:
        queue.create(name)
        queue.pass_time(1)
    queue.resource("e")["spec"]["activeDeadlineSeconds"] = 60
    settle(queue, work=False)
    queue.pass_time(3600)
    queue.step("e")
    queue.delete("a")
    queue.step("e")
    assert queue.clusters["e"].condition("Succeeded")[1] == "Extracting"
    queue.pass_time(59)
    queue.step("e")
    assert queue.clusters["e"].condition("Succeeded")[1] == "Extracting"
    queue.pass_time(2)
    queue.step("e")
    assert queue.clusters["e"].condition("Succeeded")[1] == "DeadlineExceeded"


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ({}, False),
        ({"startTime": "2026-01-01T00:00:00Z"}, True),
        ({"startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Queued", "status": "True"}]}, False),
        ({"conditions": [{"type": "Queued", "status": "False", "reason": "Admitted"}]}, True),
        ({"conditions": [{"type": "Queued", "status": "False", "reason": "SuspendRequested"}]}, False),
        (
            {
                "startTime": "2026-01-01T00:00:00Z",
                "conditions": [{"type": "Succeeded", "status": "True", "reason": "Completed"}],
            },
            False,
        ),
    ],
    ids=["new", "started by an older operator", "waiting", "admitted", "was suspended", "finished"],
)
def test_who_holds_a_place(status: dict[str, Any], holds: bool) -> None:
    assert holds_place(created("a") | {"status": status}) is holds


def test_the_message_counts_the_stalled() -> None:
    place = Place(position=2, waiting=3, active=1, stalled=1)
    assert place.message == "position 2 of 3 in the queue: 1 batch is active, 1 of them stalled: fix or suspend those"


def test_those_far_behind_look_less_often() -> None:
    looks = [Place(position, 1000, 4).next_look_seconds for position in (1, 100, 1000)]
    assert looks == [16.0, 115.0, 300.0]


def created(name: str, second: int = 0) -> Manifest:
    batch = track_batch(name)
    batch["metadata"]["creationTimestamp"] = f"2026-01-01T00:00:{second:02d}Z"
    return batch
