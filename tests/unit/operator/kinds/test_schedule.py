"""Times in cron's form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.kinds.schedule import PATTERN, Schedule

SUNDAY = datetime(2026, 11, 29, 23, 40, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-11-29 23:41"),
        ("0 3 * * *", "2026-11-30 03:00"),
        ("45,50 23 * * *", "2026-11-29 23:45"),
        ("*/30 * * * *", "2026-11-30 00:00"),
        ("7/20 * * * *", "2026-11-29 23:47"),
        ("0 22-2 * * *", "2026-11-30 00:00"),
        ("0 4 * * 6-1", "2026-11-30 04:00"),
        ("0 4 * * 2", "2026-12-01 04:00"),
        ("0 4 1 * *", "2026-12-01 04:00"),
        ("0 4 1 1,7 *", "2027-01-01 04:00"),
        ("0 4 15 * 5", "2026-12-04 04:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 0 31 4 *", None),
        ("0 0 30 2 *", None),
    ],
)
def test_the_next_time(text: str, expected: str | None) -> None:
    assert re.fullmatch(PATTERN, text)
    found = Schedule.parse(text).next(SUNDAY)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == expected


@pytest.mark.parametrize(
    "text", ["", "0 3 * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "@daily", "0 3 * * * ",
             "0  3 * * *", "-1 * * * *", "*/0 * * * *", "1- * * * *", "a * * * *", "0 3 * * *\n"]
)  # fmt: skip
def test_what_is_no_schedule_does_not_match(text: str) -> None:
    assert not re.search(PATTERN.replace("$", r"\Z"), text)


def test_a_time_that_is_on_the_schedule_counts_and_any_zone_will_do() -> None:
    three = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
    schedule = Schedule.parse("0 3 * * *")
    assert schedule.next(three) == three
    assert schedule.next(three.astimezone(timezone(timedelta(hours=5)))) == three
    assert schedule.next(three + timedelta(seconds=1)) == three + timedelta(days=1)


def field(lowest: int, highest: int) -> st.SearchStrategy[str]:
    number = st.integers(lowest, highest)
    span = st.one_of(st.just("*"), number.map(str), st.tuples(number, number).map("{0[0]}-{0[1]}".format))
    part = st.tuples(span, st.sampled_from(["", "/1", "/2", "/7"])).map("".join)
    return st.lists(part, min_size=1, max_size=2).map(",".join)


@given(
    st.tuples(field(0, 59), field(0, 23), st.just("*"), st.just("*"), field(0, 6)).map(" ".join),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
)
def test_nothing_on_the_schedule_lies_between_a_moment_and_its_next_time(text: str, moment: datetime) -> None:
    assert re.fullmatch(PATTERN, text)
    schedule = Schedule.parse(text)
    found = schedule.next(moment)
    assert found is not None
    assert moment <= found
    assert schedule.next(found) == found
    middle = moment + (found - moment) / 2
    assert schedule.next(middle) == found
    assert found - moment <= timedelta(days=7)
