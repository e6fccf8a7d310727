"""Sessions in a real database: one is found by its id, ends with its time, and a key has only so many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from segue_core.store import sessions
from segue_core.store.database import Collection, Database
from segue_core.store.sessions import LIFETIME, create_session, delete_session, read_session

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def test_a_session_is_found_until_it_is_deleted(target: Database) -> None:
    made = create_session(target, "key", NOW)
    record = read_session(target, made.record.id)
    assert record == made.record
    assert record.opens_with(made.token)
    assert not record.opens_with(made.token[:-1] + "x")
    assert made.token not in str(list(target[Collection.SESSIONS].find()))
    delete_session(target, made.record.id)
    assert read_session(target, made.record.id) is None


def test_what_is_over_goes_and_the_oldest_makes_room(target: Database, monkeypatch) -> None:
    monkeypatch.setattr(sessions, "_A_KEY", 3)
    old = create_session(target, "key", NOW - LIFETIME - timedelta(days=1))
    made = [create_session(target, "key", NOW + timedelta(seconds=number)) for number in range(5)]
    other = create_session(target, "other", NOW)
    there = {found["_id"] for found in target[Collection.SESSIONS].find()}
    assert there == {*(one.record.id for one in made[-3:]), other.record.id}
    assert old.record.id not in there


def test_a_damaged_session_is_none(target: Database) -> None:
    target[Collection.SESSIONS].insert_one({"_id": "a", "id": "a", "sha256": 5})
    assert read_session(target, "a") is None
