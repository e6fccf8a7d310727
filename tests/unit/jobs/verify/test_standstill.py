"""What the sink still has to store, and the message if it makes no progress."""

from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from segue_core.broker.consumer_group import ConsumerGroup
from segue_jobs.verify.standstill import lag_by_topic, remaining, silence_message, standstill_message

A, B = TopicPartition("segue.tracks", 0), TopicPartition("segue.tracks", 1)
C = TopicPartition("segue.rejected", 0)


def test_partitions_that_are_done_or_empty_do_not_count() -> None:
    assert remaining({A: 10, B: 5}, {A: 0, B: 5}, {A: 10}) == {}


def test_a_group_that_has_never_committed_has_all_to_do() -> None:
    assert remaining({A: 10, B: 5}, {A: 0, B: 0}, {}) == {A: 10, B: 5}


def test_records_that_retention_deleted_are_not_waited_for() -> None:
    assert remaining({A: 10}, {A: 8}, {A: 3}) == {A: 2}


def test_records_sent_after_the_start_are_not_waited_for() -> None:
    assert remaining({A: 10}, {A: 0}, {A: 15}) == {}


def test_lag_is_summed_by_topic() -> None:
    assert lag_by_topic({A: 3, B: 40, C: 2}) == {"segue.rejected": 2, "segue.tracks": 43}


def test_a_group_without_members_has_no_sink() -> None:
    for state in ("Empty", "Dead"):
        text = standstill_message({A: 3, B: 40, C: 2}, "segue.sink", ConsumerGroup(state), 120.0)
        assert text.startswith("the sink does not read: its group segue.sink")
        assert f"(state {state}); 45 records wait (2 on segue.rejected, 43 on segue.tracks)" in text
        assert "none has been stored for 120 s" in text
        assert "Is a sink running?" in text


def test_the_message_about_a_group_that_never_agrees_lists_its_members() -> None:
    for state in ("PreparingRebalance", "CompletingRebalance"):
        text = standstill_message(
            {A: 3}, "segue.sink", ConsumerGroup(state, members={"1": "sink-1 on /10.0.0.7"}), 120.0
        )
        assert f"the sink does not read: its group segue.sink is {state} with 1 member (sink-1 on /10.0.0.7)" in text
        assert "restart the sink" in text


def test_the_message_about_a_stable_group_points_to_mongodb() -> None:
    group = ConsumerGroup("Stable", members={"a": "a on /1", "b": "b on /2", "c": "c on /3"})
    text = standstill_message({A: 3}, "segue.sink", group, 120.0)
    assert "the sink makes no progress: its group segue.sink is Stable with 3 members (a on /1, b on /2, …)" in text
    assert "Check its log for MongoDB errors" in text


def test_the_message_gives_the_lag_even_if_the_broker_cannot_describe_the_group() -> None:
    assert "3 records wait" in standstill_message({A: 3}, "segue.sink", None, 120.0)


_NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=249)


@given(
    st.tuples(_NAMES, _NAMES, _NAMES),
    st.none()
    | st.builds(
        ConsumerGroup,
        st.sampled_from(["Empty", "Stable", "CompletingRebalance"]),
        members=st.dictionaries(_NAMES, _NAMES),
    ),
    st.floats(0, 1e6),
    st.integers(1, 2**63),
)
def test_the_reason_fits_into_a_condition(
    names: tuple[str, str, str], group: ConsumerGroup | None, seconds: float, lag: int
) -> None:
    lags = {TopicPartition(names[0], 0): lag, TopicPartition(names[1], 1): lag}
    text = standstill_message(lags, names[2], group, seconds)
    assert len(text) <= 500
    assert "sink" in text
    assert len(silence_message(names[0] * 3, seconds)) <= 500
