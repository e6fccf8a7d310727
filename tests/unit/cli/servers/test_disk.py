"""When a disk is low, full and fine again, and what a person reads of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import CommandError
from segue.servers.disk import (
    FINE_BYTES,
    LOW_BYTES,
    ROOM_BYTES,
    SETTLED_SECONDS,
    DiskIncident,
    DiskState,
    DiskWatch,
    check_room,
    judge,
)

MB = 1 << 20


class Disk:
    """A disk and a clock that the test sets; ``told`` is what a person read."""

    def __init__(self) -> None:
        self.free, self.now = 1 << 40, 0.0
        self.told: list[DiskIncident] = []
        self.watch = DiskWatch(
            Path("music/.segue"), self.told.append, measure=lambda _folder: self.free, clock=lambda: self.now
        )

    def look(self, free: int, after: float = 1.0) -> DiskState:
        self.free, self.now = free, self.now + after
        return self.watch.look()


def test_a_filling_disk_is_reported_before_it_is_full_and_when_it_is_fine_again() -> None:
    disk = Disk()
    for free in (900 * MB, 200 * MB, 190 * MB, 12 * MB, 3 * MB, 500 * MB):
        disk.look(free)
    disk.look(500 * MB, after=SETTLED_SECONDS)
    assert [incident.state for incident in disk.told] == [DiskState.LOW, DiskState.FULL, DiskState.FINE]
    low, full, fine = (incident.message for incident in disk.told)
    assert low == (
        "the disk that holds music/.segue is getting full: 200 MB free; make room before it has less than 48 MB, "
        "or Segue has to wait"
    )
    assert full == (
        "the disk that holds music/.segue is full: 12 MB free, 48 MB needed; make room, and Segue continues by itself"
    )
    assert fine == "the disk that holds music/.segue has room again: 500 MB free"


def test_room_that_is_taken_again_at_once_does_not_count() -> None:
    disk = Disk()
    disk.look(0)
    states = [disk.look(free, after=0.1) for _ in range(50) for free in (400 * MB, 0)]
    assert set(states) == {DiskState.FULL}
    assert len(disk.told) == 1


def test_a_disk_that_cannot_be_asked_keeps_its_state() -> None:
    def gone(folder: Path) -> int:
        raise OSError(5, "Input/output error")

    watch = DiskWatch(Path("x"), lambda incident: pytest.fail(incident.message), measure=gone)
    assert watch.look() is DiskState.FINE


@given(st.lists(st.integers(0, 2 * FINE_BYTES), max_size=40))
def test_no_state_is_told_twice_in_a_row_and_a_full_disk_always(frees: list[int]) -> None:
    disk = Disk()
    for free in frees:
        state = disk.look(free, after=SETTLED_SECONDS)
        assert (state is DiskState.FULL) >= (free < ROOM_BYTES)
    assert all(one.state is not other.state for one, other in pairwise(disk.told))


@given(st.integers(LOW_BYTES, FINE_BYTES - 1))
def test_between_the_limits_a_disk_stays_what_it_was(free: int) -> None:
    assert judge(free, DiskState.FINE) is DiskState.FINE
    assert judge(free, DiskState.LOW) is DiskState.LOW


def test_nothing_begins_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_room([tmp_path / "not" / "yet"])
    monkeypatch.setattr("segue.servers.disk.ROOM_BYTES", 1 << 60)
    with pytest.raises(
        CommandError, match=r"the disk that holds .*not/yet is full: [\d,]+ MB free, [\d,]+ MB needed"
    ) as refused:
        check_room([tmp_path / "not" / "yet"])
    assert "--state DIR" in (refused.value.hint or "")
