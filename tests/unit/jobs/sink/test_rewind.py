"""When a database is older than what the group has read."""

from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from segue_core.store.position import Position
from segue_jobs.sink.rewind import offsets_to_read_again

_OFFSETS = st.dictionaries(st.integers(0, 5), st.integers(-1, 20))


def partition(number: int) -> TopicPartition:
    return TopicPartition("segue.events", number)


def seen(offsets: dict[int, int]) -> dict[int, Position]:
    return {number: Position("segue.events", number, offset, 1) for number, offset in offsets.items() if offset >= 0}


def test_a_database_that_has_seen_all_that_is_committed_needs_nothing() -> None:
    assert offsets_to_read_again({partition(0): 8, partition(1): 3}, seen({0: 7, 1: 5})) == {}


def test_a_restored_database_begins_after_the_last_event_that_it_has() -> None:
    assert offsets_to_read_again({partition(0): 8, partition(1): 3}, seen({0: 4, 1: 2})) == {partition(0): 5}


def test_an_empty_database_begins_at_the_first_event() -> None:
    assert offsets_to_read_again({partition(0): 8, partition(1): -1}, {}) == {partition(0): 0}


@given(committed=_OFFSETS, stored=_OFFSETS)
def test_no_event_between_database_and_group_is_left_out(committed: dict[int, int], stored: dict[int, int]) -> None:
    again = offsets_to_read_again({partition(number): offset for number, offset in committed.items()}, seen(stored))
    for number, offset in committed.items():
        following = max(stored.get(number, -1), -1) + 1
        assert again.get(partition(number), offset) == min(offset, following)
