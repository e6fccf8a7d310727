"""When a refused child is tried again."""

from __future__ import annotations

from segue_core.contract.backoff import Backoff
from segue_operator.controller.refusals import REFUSED_BACKOFF, Refusals
from segue_operator.kinds.objects import Kind
from support.workloads import key

BATCH, JOB, SINK = key(Kind.TRACK_BATCH, "b"), key(Kind.JOB, "b-extract"), key(Kind.DEPLOYMENT, "b-sink")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refusals(clock: Clock) -> Refusals:
    return Refusals(Backoff(first_seconds=5, longest_seconds=300), lambda: 0.0, clock)


def test_pauses_grow_from_5_seconds_to_5_minutes() -> None:
    clock = Clock()
    refused = refusals(clock)
    pauses = []
    for _ in range(8):
        refused.note(BATCH, 1, {JOB: "exceeded quota"})
        seconds = refused.seconds_left(BATCH)
        assert seconds is not None
        pauses.append(seconds)
        clock.now += seconds
        assert refused.problems(BATCH, 1) == {}
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]
    assert (REFUSED_BACKOFF.first_seconds, REFUSED_BACKOFF.longest_seconds) == (5, 300)


def test_several_children_that_are_refused_in_one_pass_wait_together() -> None:
    clock = Clock()
    refused = refusals(clock)
    refused.note(BATCH, 1, {JOB: "no"})
    clock.now += 1
    refused.note(BATCH, 1, {SINK: "neither"})
    assert refused.problems(BATCH, 1) == {JOB: "no", SINK: "neither"}
    assert refused.seconds_left(BATCH) == 4


def test_a_child_that_was_accepted_meanwhile_is_refused_for_the_first_time_again() -> None:
    clock = Clock()
    refused = refusals(clock)
    for _ in range(3):
        refused.note(BATCH, 1, {JOB: "no"})
        refused.accepted(BATCH)  # the pass that reports the refusal does not try the child
        clock.now += 300
        refused.problems(BATCH, 1)
    refused.accepted(BATCH)
    refused.note(BATCH, 1, {JOB: "no"})
    assert refused.seconds_left(BATCH) == 5


def test_a_changed_spec_forgets_the_refusal() -> None:
    refused = refusals(Clock())
    refused.note(BATCH, 1, {JOB: "no"})
    assert refused.problems(BATCH, 2) == {}
    assert refused.seconds_left(BATCH) is None


def test_room_in_a_namespace_lets_its_resources_try_again() -> None:
    refused = refusals(Clock())
    refused.note(BATCH, 1, {JOB: "no"})
    assert refused.retry_in("elsewhere") == ()
    assert refused.problems(BATCH, 1) == {JOB: "no"}
    assert refused.retry_in(BATCH.namespace) == (BATCH,)
    assert refused.problems(BATCH, 1) == {}
