"""Pauses between attempts grow to a limit, and there is always a next one."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract.backoff import Backoff

BACKOFF = Backoff(first_seconds=0.5, longest_seconds=10.0)


@given(st.integers(1, 10**6))
def test_pauses_grow_to_a_limit(failures: int) -> None:
    pause = BACKOFF.pause(failures)
    assert BACKOFF.first_seconds <= pause <= BACKOFF.longest_seconds
    assert pause <= BACKOFF.pause(failures + 1) <= 2 * pause


def test_without_a_failure_there_is_no_pause() -> None:
    assert BACKOFF.pause(0) == 0.0


def test_iterating_yields_the_same_pauses_and_starts_over_each_time() -> None:
    expected = [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert list(islice(BACKOFF, 7)) == [BACKOFF.pause(failures) for failures in range(1, 8)] == expected
    assert next(iter(BACKOFF)) == 0.5


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_shortens_a_pause_by_no_more_than_its_share(failures: int, chance: float) -> None:
    jittered = Backoff(BACKOFF.first_seconds, BACKOFF.longest_seconds, jitter=0.25)
    whole = BACKOFF.pause(failures)
    assert 0.75 * whole <= jittered.pause(failures, lambda: chance) <= whole
