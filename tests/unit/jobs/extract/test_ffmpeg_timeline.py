"""Positions from timestamps that may be missing, jump or begin again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.extract.ffmpeg_timeline import Timeline

RATE = 1000


def places(*packets: tuple[int | None, int]) -> tuple[list[int], Timeline]:
    timeline = Timeline(RATE)
    return [timeline.place(timestamp, duration) for timestamp, duration in packets], timeline


def test_timestamps_are_positions() -> None:
    found, timeline = places((-20, 20), (0, 20), (20, 20))
    assert found == [-20, 0, 20]
    assert (timeline.end, timeline.offset, timeline.is_continuous) == (40, 0, True)


def test_a_chained_stream_goes_on_where_its_first_part_ended() -> None:
    found, timeline = places((0, 1000), (1000, 1000), (0, 1000), (1000, 1000))
    assert found == [0, 1000, 2000, 3000]
    assert (timeline.end, timeline.offset, timeline.is_continuous) == (4000, 2000, False)


def test_a_packet_without_a_timestamp_follows_the_last_one() -> None:
    found, timeline = places((0, 20), (None, 20), (40, 20))
    assert found == [0, 20, 40]
    assert not timeline.is_continuous


def test_a_hole_stays_a_hole_and_an_absurd_jump_does_not() -> None:
    assert places((0, 20), (5_000, 20))[0] == [0, 5_000]
    assert places((0, 20), (10**15, 20))[0] == [0, 20]


@given(
    st.lists(st.tuples(st.none() | st.integers(-(2**62), 2**62), st.integers(0, 50_000)), max_size=50),
)
def test_no_timestamps_make_a_track_absurdly_long(packets: list[tuple[int | None, int]]) -> None:
    found, timeline = places(*packets)
    if found:
        assert (timeline.end or 0) - found[0] <= sum(duration for _, duration in packets) + 60 * RATE * len(packets)
