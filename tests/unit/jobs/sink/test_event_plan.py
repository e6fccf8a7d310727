"""What a batch of events changes: each new event once, each listener once."""

from datetime import timedelta

import bson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segue_core.contract import EventType, Topic
from segue_core.listeners import apply as applying
from segue_core.listeners.apply import Effect
from segue_core.store.position import Position
from segue_core.store.profiles import Opinion, ProfileDocument
from segue_core.store.records import EventRecord, encode
from segue_core.store.unreadable import UnreadableDocumentError
from segue_jobs.sink.event_plan import EventPlan, Stored, plan_events
from segue_jobs.sink.transform import transform
from segue_jobs.sink.write import RecordOutcome, Write
from support.events import BEGIN, event
from support.tracks import key_of

ARRIVED = int((BEGIN + timedelta(days=1)).timestamp() * 1000)


def _write(offset: int, record: EventRecord) -> Write:
    position = Position("segue.events", 0, offset, ARRIVED + offset)
    return transform(Topic.EVENTS, position, key_of(record), encode(record))


def _writes(records: list[EventRecord], *, first: int = 0) -> list[Write]:
    return [_write(offset, record) for offset, record in enumerate(records, first)]


def _store(plan: EventPlan, events: dict[str, str], profiles: dict[str, Stored]) -> None:
    """What the transaction does with a plan."""
    for _, user in plan.erased:
        for identifier in [one for one, owner in events.items() if owner == user]:
            del events[identifier]
    for body in plan.inserts:
        document = bson.decode(body)
        assert document["_id"] not in events
        events[document["_id"]] = document["user"]
    for change in plan.profiles:
        key = f"fma:{change.after.user}"
        assert profiles.get(key) == change.before
        profiles[key] = change.after


LIKES = [event(number, EventType.LIKE, f"t{number}", user="ab"[number % 2]) for number in range(8)]

kinds = st.sampled_from([EventType.LIKE, EventType.DISLIKE, EventType.PLAY, EventType.ERASE])


@st.composite
def logs(draw: st.DrawFn) -> list[EventRecord]:
    """Events of two listeners, some of them sent twice."""
    entries = draw(st.lists(st.tuples(kinds, st.sampled_from("ab"), st.integers(0, 9)), min_size=1, max_size=10))
    records = [
        event(number, kind, "x" if kind.concerns_track else None, user=user, minutes=minutes)
        for number, (kind, user, minutes) in enumerate(entries)
    ]
    return records + draw(st.lists(st.sampled_from(records), max_size=5))


LIKE, ERASURE = event(0, EventType.LIKE, "x", user="a", minutes=9), event(1, EventType.ERASE, user="a")
LATER = event(2, EventType.LIKE, "y", user="a", minutes=9)


@given(logs(), st.integers(0, 15), st.integers(0, 15))
@example([LIKE, ERASURE, LIKE, LATER], 1, 1)  # the erasure deletes what an earlier batch has stored
def test_however_a_topic_is_cut_and_read_again_the_result_is_the_same(
    records: list[EventRecord], cut: int, again: int
) -> None:
    whole_events: dict[str, str] = {}
    whole_profiles: dict[str, Stored] = {}
    writes = _writes(records)
    _store(plan_events(writes, {}, {}), whole_events, whole_profiles)
    events: dict[str, str] = {}
    profiles: dict[str, Stored] = {}
    for part in (writes[:cut], writes[min(again, cut) :], writes):
        stored = {identifier: f"fma:{user}" for identifier, user in events.items()}
        _store(plan_events(part, stored, profiles), events, profiles)
    assert (events, profiles) == (whole_events, whole_profiles)


def test_one_profile_is_written_a_listener_and_one_insert_an_event() -> None:
    plan = plan_events(_writes([*LIKES, LIKES[0]]), {}, {})
    assert (len(plan.inserts), len(plan.profiles), plan.written.profiles) == (8, 2, 2)
    assert plan.written.records == {
        ("segue.events", RecordOutcome.STORED): 8,
        ("segue.events", RecordOutcome.REPEATED): 1,
    }
    assert plan.written.events == {(EventType.LIKE, Effect.APPLIED): 8, (EventType.LIKE, Effect.REPEATED): 1}


def test_an_event_that_is_stored_changes_no_profile() -> None:
    plan = plan_events(_writes(LIKES[:1], first=50), {str(LIKES[0].id): "fma:a"}, {})
    assert (plan.inserts, plan.profiles) == ([], [])


def test_an_erasure_leaves_another_listeners_event_of_the_same_id() -> None:
    others = {str(LIKES[0].id): "fma:b"}
    plan = plan_events(_writes([LIKE, ERASURE, LIKE]), others, {})
    assert plan.erased == [("fma", "a")]
    assert plan.inserts == []


def test_what_is_older_than_an_erasure_is_counted_and_not_stored() -> None:
    plan = plan_events(_writes([event(9, EventType.ERASE), event(3, EventType.LIKE, "x")]), {}, {})
    assert (plan.erased, plan.inserts) == ([("fma", "ann")], [])
    assert plan.written.records["segue.events", RecordOutcome.ERASED] == 1


def test_a_like_too_many_is_rejected_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "MAXIMUM_OPINIONS", {Opinion.LIKE: 2, Opinion.DISLIKE: 2, Opinion.NONE: 2})
    plan = plan_events(_writes([event(number, EventType.LIKE, f"t{number}") for number in range(3)]), {}, {})
    assert len(plan.inserts) == 2
    [rejected] = [bson.decode(write.body) for write in plan.rejections]
    assert (rejected["reason"], rejected["user"], rejected["trackId"]) == ("StoreRefused", "ann", "t2")
    assert rejected["message"].endswith("a listener can have at most 2 likes: clear some before the next")


def test_events_of_a_profile_that_cannot_be_read_are_rejected_until_it_is_erased() -> None:
    damaged: dict[str, Stored] = {"fma:ann": UnreadableDocumentError("the profile 'fma:ann'", "no user")}
    records = [event(1, EventType.LIKE, "x"), event(2, EventType.ERASE), event(3, EventType.LIKE, "y")]
    plan = plan_events(_writes(records), {}, damaged)
    [rejected] = [bson.decode(write.body) for write in plan.rejections]
    assert "the profile 'fma:ann' cannot be read: no user; erase the listener" in rejected["message"]
    [change] = plan.profiles
    assert isinstance(change.after, ProfileDocument)
    assert [entry.track_id for entry in change.after.opinions] == ["y"]
