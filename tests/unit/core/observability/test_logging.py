"""Logs of client libraries are bounded, and say how much was left out."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.observability.logging import OneOfAKind, configure_logging


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(name: str = "kafka.producer", line: int = 1) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "sender.py", line, "no %s", ("answer",), None)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 3)), max_size=60))
def test_at_most_one_record_of_a_kind_passes_per_second_and_the_others_are_counted(
    steps: list[tuple[float, int]],
) -> None:
    clock = Clock()
    bounded = OneOfAKind(["kafka"], clock)
    passed: dict[int, list[float]] = {}
    told: dict[int, int] = {}
    sent: dict[int, int] = {}
    for pause, line in steps:
        clock.now += pause
        sent[line] = sent.get(line, 0) + 1
        entry = record(line=line)
        if bounded.filter(entry):
            passed.setdefault(line, []).append(clock.now)
            told[line] = told.get(line, 0) + 1 + getattr(entry, "suppressed", 0)
    for times in passed.values():
        assert all(later - earlier >= 1 for earlier, later in pairwise(times))
    clock.now += 2
    for line, count in sent.items():
        last = record(line=line)
        assert bounded.filter(last)
        assert told[line] + getattr(last, "suppressed", 0) == count


def test_segues_own_records_are_not_filtered() -> None:
    bounded = OneOfAKind(["kafka"], Clock())
    own = [record("segue_jobs.sink.loop"), record("kafkaesque")]
    assert all(bounded.filter(entry) for entry in own * 5)


def test_a_client_that_floods_the_log_leaves_one_line_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("json", "INFO")
        for _ in range(1000):
            logging.getLogger("kafka.producer.sender").error("fatal")
        assert len(capsys.readouterr().err.splitlines()) == 1
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
