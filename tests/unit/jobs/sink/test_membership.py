"""When a consumer that reads nothing is idle, when it is waiting, and when it must be replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from segue_core.broker.consumer_group import ConsumerGroup, GroupState
from segue_jobs.sink.membership import REBALANCE_SECONDS, SESSION_SECONDS, Fault, Standing, Watchdog, patience

MINE = frozenset({TopicPartition("segue.tracks", 0), TopicPartition("segue.tracks", 1)})
STABLE = ConsumerGroup(GroupState.STABLE, {"me": MINE, "other": frozenset()})


def standing(
    group: ConsumerGroup | None = STABLE,
    held: frozenset[TopicPartition] = MINE,
    waiting: int = 0,
    member_id: str = "me",
    poll_error: str = "",
) -> Standing:
    behind = {TopicPartition("segue.tracks", 0): waiting} if waiting else {}
    return Standing(member_id, held, group, behind, poll_error)


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (standing(), None),
        (standing(member_id="other", held=frozenset()), None),  # more sinks than partitions: idle, and content
        (standing(waiting=3), Fault.NOT_READING),
        (standing(held=frozenset()), Fault.NOT_ASSIGNED),  # the answer to SyncGroup was lost between two polls
        (standing(held=MINE | {TopicPartition("segue.events", 0)}), Fault.NOT_ASSIGNED),
        (standing(member_id="forgotten"), Fault.EXPELLED),
        (standing(member_id=""), Fault.EXPELLED),
        (standing(group=ConsumerGroup(GroupState.EMPTY)), Fault.EXPELLED),
        (standing(group=ConsumerGroup(GroupState.PREPARING_REBALANCE)), Fault.REBALANCING),
        (standing(group=ConsumerGroup(GroupState.COMPLETING_REBALANCE, {"me": frozenset()})), Fault.NOT_ASSIGNED),
        (standing(group=None), Fault.UNREACHABLE),
        (standing(group=None, poll_error="refused"), Fault.UNREACHABLE),
        (standing(poll_error="refused"), Fault.POLL_FAILS),
    ],
)
def test_what_is_wrong_with_a_member(seen: Standing, fault: Fault | None) -> None:
    assert seen.fault() is fault


def test_a_fault_may_last_longer_than_the_brokers_timeouts() -> None:
    assert patience(Fault.NOT_ASSIGNED) > SESSION_SECONDS
    assert patience(Fault.REBALANCING) > REBALANCE_SECONDS


FAULTY = {
    Fault.UNREACHABLE: standing(group=None),
    Fault.POLL_FAILS: standing(poll_error="refused"),
    Fault.EXPELLED: standing(member_id="forgotten"),
    Fault.NOT_ASSIGNED: standing(held=frozenset()),
    Fault.NOT_READING: standing(waiting=1),
    Fault.REBALANCING: standing(group=ConsumerGroup(GroupState.PREPARING_REBALANCE)),
}
LOOKS = st.lists(st.tuples(st.sampled_from([None, *Fault]), st.floats(0.1, 60)), max_size=60)


@given(LOOKS)
def test_only_a_fault_that_lasts_replaces_the_consumer(looks: list[tuple[Fault | None, float]]) -> None:
    watchdog, now, since, kind = Watchdog(), 0.0, 0.0, None
    for fault, pause in looks:
        now += pause
        is_doubtful = fault is Fault.NOT_READING and kind is None
        limit = None if fault is None else patience(fault)
        if fault is not Fault.UNREACHABLE and (limit is None or limit != kind):
            since, kind = now, limit
        verdict = watchdog.judge(standing() if fault is None else FAULTY[fault], now)
        assert (verdict is not None) == (limit is not None and now - since >= limit)
        assert watchdog.fault is (None if is_doubtful else fault)


@given(LOOKS)
def test_a_sink_that_reads_now_and_then_is_never_replaced(looks: list[tuple[Fault | None, float]]) -> None:
    watchdog, now = Watchdog(), 0.0
    for fault, pause in looks:
        now += pause
        assert watchdog.judge(standing() if fault is None else FAULTY[fault], now) is None
        watchdog.progress()


def test_a_new_consumer_has_its_full_time() -> None:
    watchdog = Watchdog()
    assert watchdog.judge(FAULTY[Fault.NOT_ASSIGNED], 0) is None
    assert watchdog.judge(FAULTY[Fault.NOT_ASSIGNED], 20) is Fault.NOT_ASSIGNED
    watchdog.begin_again(21)
    assert watchdog.fault is Fault.NOT_ASSIGNED  # not ready before a look finds nothing wrong
    assert watchdog.judge(FAULTY[Fault.NOT_ASSIGNED], 40) is None
    assert watchdog.judge(standing(), 41) is None
    assert watchdog.fault is None


def test_records_that_arrive_between_a_poll_and_its_check_are_no_fault() -> None:
    watchdog = Watchdog()
    for now in (0, 30, 60):
        assert watchdog.judge(FAULTY[Fault.NOT_READING], now) is None
        assert watchdog.fault is None
        assert not watchdog.is_content  # so the next check comes soon
        watchdog.progress()  # the next poll brings them
        assert watchdog.is_content
    assert watchdog.judge(FAULTY[Fault.NOT_READING], 90) is None
    assert watchdog.judge(FAULTY[Fault.NOT_READING], 95) is None
    assert watchdog.fault is Fault.NOT_READING
    assert watchdog.judge(FAULTY[Fault.NOT_READING], 110) is Fault.NOT_READING
