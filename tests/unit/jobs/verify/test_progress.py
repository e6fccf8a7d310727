"""What the sink has still to do, and how it is told when it stands still."""

from kafka import TopicPartition

from segue_jobs.verify.progress import remaining, stall_message

A, B = TopicPartition("segue.tracks", 0), TopicPartition("segue.tracks", 1)


def test_partitions_that_are_done_or_empty_do_not_count() -> None:
    assert remaining({A: 10, B: 5}, {A: 0, B: 5}, {A: 10}) == {}


def test_a_group_that_has_never_committed_has_all_to_do() -> None:
    assert remaining({A: 10, B: 5}, {A: 0, B: 0}, {}) == {A: 10, B: 5}


def test_what_retention_deleted_is_not_waited_for() -> None:
    assert remaining({A: 10}, {A: 8}, {A: 3}) == {A: 2}


def test_records_produced_after_the_beginning_are_not_waited_for() -> None:
    assert remaining({A: 10}, {A: 0}, {A: 15}) == {}


def test_the_partition_that_lags_most_is_named() -> None:
    text = stall_message({A: 3, B: 40}, "segue.sink", 120.0)
    assert "no progress for 120 s: group segue.sink is 40 records behind on segue.tracks partition 1 (43 on 2" in text
