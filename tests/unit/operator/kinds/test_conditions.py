"""The one way to change a condition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from segue_core.contract.times import parse_timestamp, timestamp
from segue_operator.kinds.conditions import find, set_condition
from segue_operator.kinds.constants import MESSAGE_LENGTH, Status

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def test_the_transition_time_changes_only_when_the_status_flips() -> None:
    first = set_condition((), "Succeeded", Status.UNKNOWN, "Pending", now=NOW, generation=1)
    second = set_condition(first, "Succeeded", Status.UNKNOWN, "Running", "more", now=LATER, generation=2)
    third = set_condition(second, "Succeeded", Status.TRUE, "Completed", now=LATER, generation=2)
    assert [conditions[0].last_transition_time for conditions in (first, second, third)] == [
        timestamp(NOW),
        timestamp(NOW),
        timestamp(LATER),
    ]
    assert (second[0].reason, second[0].message, second[0].observed_generation) == ("Running", "more", 2)


def test_the_others_keep_their_place() -> None:
    conditions = ()
    for type_ in ("A", "B", "C"):
        conditions = set_condition(conditions, type_, Status.FALSE, "No", now=NOW, generation=1)
    changed = set_condition(conditions, "B", Status.TRUE, "Yes", now=NOW, generation=1)
    assert [condition.type for condition in changed] == ["A", "B", "C"]
    assert [condition.status for condition in changed] == [Status.FALSE, Status.TRUE, Status.FALSE]
    assert find(changed, "D") is None


def test_a_long_message_is_cut_to_what_the_schema_allows() -> None:
    (condition,) = set_condition((), "A", Status.TRUE, "Yes", "x" * 5000, now=NOW, generation=1)
    assert len(condition.message) == MESSAGE_LENGTH


def test_times_are_written_in_utc_with_whole_seconds() -> None:
    text = timestamp(NOW.replace(microsecond=7).astimezone(timezone(timedelta(hours=2))))
    assert text == "2026-01-01T12:00:00Z"
    assert parse_timestamp(text) == NOW
