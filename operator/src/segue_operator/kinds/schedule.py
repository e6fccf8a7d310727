"""Times in cron's form, as a CronJob has them: ``0 3 * * *`` is every night at three. In UTC, to the minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""First and last value of minute, hour, day of the month, month and day of the week; Sunday is 0."""
_NUMBERS = ("[1-5]?[0-9]", "(1?[0-9]|2[0-3])", "([1-9]|[12][0-9]|3[01])", "([1-9]|1[0-2])", "[0-6]")
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HORIZON_DAYS = 366 * 8 + 1
"""29 February can be eight years away, as from 2096 to 2104."""


def _field_pattern(number: str) -> str:
    part = rf"(\*|{number}(-{number})?)(/[1-9][0-9]?)?"
    return f"{part}(,{part})*"


PATTERN = f"^{' '.join(_field_pattern(number) for number in _NUMBERS)}$"
"""Five fields of ``*``, numbers, ranges such as ``1-5``, and steps such as ``*/15``, separated by commas."""


@dataclass(frozen=True)
class Schedule:
    """Which minutes a schedule names."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Whether day of the month and day of the week are both given: cron takes a day that is one of either."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a schedule that matches `PATTERN`; a range whose end is lower passes the end: hours 22-2 pass midnight.

        Raises
        ------
        ValueError
            It has not five fields.
        """
        fields = text.split()
        minutes, hours, days, months, weekdays = (
            frozenset(_values(field, *bounds)) for field, bounds in zip(fields, _FIELDS, strict=True)
        )
        return cls(minutes, hours, days, months, weekdays, not (fields[2].startswith("*") or fields[4].startswith("*")))

    def next(self, moment: datetime) -> datetime | None:
        """The first of its minutes that is not before the moment; None if no date is one of its days (30 February)."""
        if not self._names_a_date:
            return None
        start = moment.astimezone(UTC)
        first = start.replace(second=0, microsecond=0)
        if first < start:
            first += timedelta(minutes=1)
        for offset in range(_HORIZON_DAYS):
            day = first.replace(hour=0, minute=0) + timedelta(days=offset)
            if not self._has_day(day):
                continue
            times = ((hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))
            earliest = (first.hour, first.minute) if offset == 0 else (0, 0)
            found = next((time for time in times if time >= earliest), None)
            if found is not None:
                return day.replace(hour=found[0], minute=found[1])
        return None

    @property
    def _names_a_date(self) -> bool:
        return self.either_day or any(min(self.days) <= _LAST_DAYS[month - 1] for month in self.months)

    def _has_day(self, day: datetime) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and ((in_month or in_week) if self.either_day else (in_month and in_week))


def _values(field: str, lowest: int, highest: int) -> Iterator[int]:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = lowest if first == "*" else int(first)
        end = highest if first == "*" or (step and not last) else int(last or first)
        size = highest - lowest + 1
        for offset in range(0, (end - begin) % size + 1, int(step or 1)):
            yield lowest + (begin - lowest + offset) % size
