"""An invalid event is refused with a sentence for each fault."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import EventType
from segue_core.listeners.validation import find_faults
from segue_core.store.records import (
    EventContext,
    EventRecord,
    StatedExclusions,
    StatedPreferences,
    StatedRange,
)
from support.events import BEGIN, event

PLAY = event(1, EventType.PLAY, "7", position_ms=200_000, duration_ms=300_000, client="a player")
STATED = event(2, EventType.PREFERENCES, preferences=StatedPreferences(genres=("Jazz",), year=StatedRange(low=1950)))


def _faults(record: EventRecord, **changes: Any) -> list[str]:
    return find_faults(msgspec.structs.replace(record, **changes), BEGIN)


def _stated(**fields: Any) -> dict[str, Any]:
    return {"preferences": StatedPreferences(**fields)}


@pytest.mark.parametrize(
    "valid",
    [
        PLAY,
        STATED,
        event(3, EventType.ERASE),
        event(4, EventType.SKIP, "7", position_ms=0, duration_ms=1),
        event(5, EventType.LIKE, "7", user="Zoë 🎧 of: 3", context=EventContext(model="fma:3", rank=1, score=0.5)),
        event(6, EventType.DISLIKE, "x" * 512, user="x" * 128, minutes=24 * 60),
    ],
)
def test_a_valid_event_has_no_faults(valid: EventRecord) -> None:
    assert find_faults(valid, BEGIN) == []


@pytest.mark.parametrize(
    ("record", "changes", "fault"),
    [
        (PLAY, {"id": uuid4()}, "is not a UUID of version 7"),
        (PLAY, {"catalogue": "Fma"}, "catalogue 'Fma' is not a catalogue's name"),
        (PLAY, {"catalogue": "a:b"}, "catalogue 'a:b' is not a catalogue's name"),
        (PLAY, {"catalogue": "a" * 64}, "at most 63 lowercase letters"),
        (PLAY, {"user": ""}, "user must not be empty"),
        (PLAY, {"user": "x" * 600}, "user must have at most 128 characters, not 600"),
        (PLAY, {"user": "ann\x00"}, r"user 'ann\x00' must not contain control characters"),
        (PLAY, {"user": "ann\u2028"}, "must not contain control characters"),
        (PLAY, {"client": "a\nb"}, "client 'a\\nb' must not contain control characters"),
        (PLAY, {"time": datetime(1970, 1, 1, tzinfo=UTC)}, "time 1970-01-01T00:00:00+00:00 is before 2000"),
        (PLAY, {"time": BEGIN + timedelta(days=1, seconds=1)}, "is more than a day in the future"),
        (PLAY, {"track_id": None}, "trackId is missing: the type play needs it"),
        (PLAY, {"track_id": "x" * 513}, "trackId must have at most 512 characters, not 513"),
        (PLAY, {"position_ms": -1}, "positionMs must be from 0 to"),
        (PLAY, {"duration_ms": 0, "position_ms": None}, "durationMs must be from 1 to"),
        (PLAY, {"position_ms": 2**70, "duration_ms": None}, "positionMs must be from 0 to"),
        (PLAY, {"position_ms": 300_001}, "positionMs 300001 is beyond durationMs 300000"),
        (PLAY, {"type": EventType.LIKE, "duration_ms": None}, "positionMs does not belong to the type like"),
        (PLAY, {"context": EventContext(rank=0)}, "context.rank must be from 1 to"),
        (PLAY, {"context": EventContext(score=float("nan"))}, "context.score is not a finite number"),
        (PLAY, {"context": EventContext(seed="")}, "context.seed must not be empty"),
        (PLAY, {"context": EventContext(model="x" * 501)}, "context.model must have at most 500 characters"),
        (PLAY, _stated(), "preferences do not belong to the type play"),
        (STATED, {"preferences": None}, "preferences are missing"),
        (STATED, {"track_id": "7"}, "trackId does not belong to the type preferences"),
        (STATED, _stated(genres=("Jazz",) * 101), "preferences.genres must have at most 100 entries, not 101"),
        (STATED, _stated(artists=("",)), "preferences.artists[0] must not be empty"),
        (STATED, _stated(year=StatedRange(low=2000, high=1990)), "preferences.year from 2000 to 1990 is empty"),
        (STATED, _stated(tempo_bpm=StatedRange(high=float("inf"))), "preferences.tempoBpm has an end that is not"),
        (STATED, _stated(excluded=StatedExclusions(albums=("x" * 501,))), "preferences.excluded.albums[0] must have"),
        (
            STATED,
            _stated(excluded=StatedExclusions(artists=("x" * 300,) * 400)),
            "preferences must have at most 100000 characters in all names, not 120000",
        ),
    ],
)
def test_each_fault_has_a_sentence(record: EventRecord, changes: dict[str, Any], fault: str) -> None:
    [said] = _faults(record, **changes)
    assert fault in said
    assert len(said) < 300


def test_all_faults_are_named_at_once() -> None:
    assert len(_faults(PLAY, user="", catalogue="", position_ms=-5, time=datetime(1970, 1, 1, tzinfo=UTC))) == 4


@given(st.text(), st.text(), st.integers(), st.integers(), st.sampled_from(EventType))
def test_whatever_passes_keeps_within_bounds(
    user: str, track: str, position: int, duration: int, kind: EventType
) -> None:
    record = event(1, kind, track, user=user, position_ms=position, duration_ms=duration)
    if not find_faults(record, BEGIN):
        assert 1 <= len(user) <= 128
        assert user.isprintable() or not any(character < " " for character in user)
        assert 1 <= len(track) <= 512
        assert 0 <= position <= duration
