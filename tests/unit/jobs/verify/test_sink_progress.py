"""How long verify waits for the sink, and what it logs meanwhile."""

from __future__ import annotations

import logging
import threading

import pytest
from kafka import TopicPartition

from segue_core.broker.consumer_group import ConsumerGroup
from segue_core.errors import ProgramError
from segue_jobs.verify.sink_progress import SinkWait
from segue_jobs.verify.standstill import Offsets

PARTITION = TopicPartition("segue.tracks", 0)
SINK = ConsumerGroup("Stable", members={"sink-1": "sink-1 on /10.0.0.7"})


class Stopping(threading.Event):
    """A clock that advances with each wait."""

    def __init__(self, group: ScriptedGroup) -> None:
        super().__init__()
        self._group = group

    def wait(self, timeout: float | None = None) -> bool:
        self._group.now += timeout or 0
        return False


class ScriptedGroup:
    """A group with scripted answers; the last one is repeated."""

    name = "segue.sink"
    bootstrap = "broker:9092"

    def __init__(
        self, committed: list[Offsets | None], memberships: list[ConsumerGroup | None], seconds: float = 0
    ) -> None:
        self.now = 0.0
        self._committed, self._memberships, self._seconds = committed, memberships, seconds

    def committed(self) -> Offsets | None:
        self.now += self._seconds
        return self._committed.pop(0) if len(self._committed) > 1 else self._committed[0]

    def described(self) -> ConsumerGroup | None:
        self.now += self._seconds
        return self._memberships.pop(0) if len(self._memberships) > 1 else self._memberships[0]

    def wait(self, stall_seconds: float = 120) -> None:
        SinkWait(self, {PARTITION: 100}, {PARTITION: 0}, stall_seconds, lambda: self.now).run(Stopping(self))


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_a_working_sink_is_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    group = ScriptedGroup([{PARTITION: number} for number in range(101)], [SINK])
    group.wait(stall_seconds=1)
    assert group.now == 25
    assert [vars(line)["lag"] for line in caplog.records] == [
        {"segue.tracks": 100},
        {"segue.tracks": 60},
        {"segue.tracks": 20},
    ]
    assert {vars(line)["state"] for line in caplog.records} == {"Stable"}
    assert {vars(line)["seconds_since_progress"] for line in caplog.records} == {0}


def test_a_change_of_the_group_is_logged_at_once(caplog: pytest.LogCaptureFixture) -> None:
    joining = ConsumerGroup("CompletingRebalance", members=SINK.members)
    group = ScriptedGroup([{PARTITION: 0}] * 20 + [{PARTITION: 100}], [ConsumerGroup("Empty"), joining, SINK])
    group.wait()
    assert [vars(line)["state"] for line in caplog.records] == ["Empty", "CompletingRebalance", "Stable"]
    assert [vars(line)["members"] for line in caplog.records] == [[], ["sink-1 on /10.0.0.7"], ["sink-1 on /10.0.0.7"]]


def test_verify_gives_up_on_a_sink_without_progress_and_names_it(caplog: pytest.LogCaptureFixture) -> None:
    group = ScriptedGroup([{PARTITION: 40}], [ConsumerGroup("Empty")])
    with pytest.raises(ProgramError, match=r"the sink does not read: its group .* has no members .* 60 records wait"):
        group.wait()
    assert group.now == 120
    assert len(caplog.records) == 13
    assert vars(caplog.records[-1])["seconds_since_progress"] == 120


def test_a_broker_that_does_not_answer_is_named() -> None:
    group = ScriptedGroup([None], [None], seconds=10)
    with pytest.raises(ProgramError, match="Kafka at broker:9092 has not reported the sink's progress"):
        group.wait()
    assert 120 <= group.now < 145


def test_a_broker_that_is_away_for_a_moment_is_forgiven() -> None:
    group = ScriptedGroup([{PARTITION: 0}, None, None, {PARTITION: 100}], [SINK], seconds=10)
    group.wait()
