"""Rules that hold for every history of a listener."""

from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import EventType
from segue_core.listeners import apply as applying
from segue_core.listeners import decay
from segue_core.listeners.apply import MAXIMUM_RECENT, Effect, apply, explain_full, judge
from segue_core.listeners.profile import Profile
from segue_core.listeners.view import view
from segue_core.store.position import Position
from segue_core.store.profiles import Opinion, ProfileDocument
from segue_core.store.records import EventRecord, StatedPreferences, to_document
from support.events import BEGIN, event

NOBODY = Profile(catalogue="fma", user="ann")
KINDS = [kind for kind in EventType if kind is not EventType.ERASE]


def _record(number: int, kind: EventType, track: str, minutes: int, position: int | None) -> EventRecord:
    if kind is EventType.PREFERENCES:
        return event(number, kind, minutes=minutes, preferences=StatedPreferences(genres=(track,)))
    heard = {"position_ms": position, "duration_ms": 200_000} if kind in (EventType.PLAY, EventType.SKIP) else {}
    return event(number, kind, track, minutes=minutes, **heard)


@st.composite
def histories(draw: st.DrawFn) -> list[EventRecord]:
    """Events of a listener; several may have the same time."""
    entries = st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from("abc"),
        st.integers(0, 5),
        st.sampled_from([None, 3_000, 50_000, 150_000]),
    )
    return [_record(number, *entry) for number, entry in enumerate(draw(st.lists(entries, max_size=20)))]


def _at(offset: int) -> Position:
    return Position("segue.events", 0, offset, 1_000 + offset)


def _after(events: list[EventRecord], profile: Profile = NOBODY, *, first: int = 0) -> Profile:
    for offset, record in enumerate(events, first):
        profile = apply(profile, record, _at(offset))
    return profile


def _states(profile: Profile) -> tuple[object, object]:
    return dict(profile.opinions), profile.preferences


@given(histories(), st.randoms())
def test_any_order_of_delivery_gives_the_same_opinions_and_preferences(
    events: list[EventRecord], chance: Random
) -> None:
    shuffled = events.copy()
    chance.shuffle(shuffled)
    assert _states(_after(shuffled)) == _states(_after(events))


@given(histories(), st.randoms())
def test_any_order_of_delivery_gives_the_same_weights(events: list[EventRecord], chance: Random) -> None:
    shuffled = events.copy()
    chance.shuffle(shuffled)
    now = BEGIN + timedelta(hours=1)
    one, other = view(_after(shuffled), now), view(_after(events), now)
    assert one.plays == pytest.approx(other.plays)
    assert one.skips == pytest.approx(other.skips)


@given(histories(), st.integers(0, 20))
def test_a_replay_changes_nothing(events: list[EventRecord], start: int) -> None:
    profile = _after(events)
    assert _after(events[start:], profile, first=start) == profile
    assert all(judge(profile, record) is Effect.REPEATED for record in events)


@given(histories())
def test_a_repeated_request_changes_nothing_but_the_position(events: list[EventRecord]) -> None:
    profile = _after(events)
    again = _after(events, profile, first=100)
    assert msgspec.structs.replace(again, seen=profile.seen) == profile


@given(histories())
def test_a_profile_survives_its_document(events: list[EventRecord]) -> None:
    profile = _after(events)
    document = to_document(profile.to_document())
    assert Profile.of_document(msgspec.convert(document, ProfileDocument)) == profile


@given(histories(), histories(), st.integers(0, 5))
def test_an_erasure_leaves_nothing_and_nothing_older_returns(
    before: list[EventRecord], late: list[EventRecord], minutes: int
) -> None:
    erase = event(500, EventType.ERASE, minutes=minutes)
    erased = apply(_after(before), erase, _at(100))
    bare = Profile(catalogue="fma", user="ann", erasure=erased.erasure, seen=_at(100))
    assert erased == bare
    older = [msgspec.structs.replace(record, time=min(record.time, erase.time)) for record in late]
    again = [*older, erase, *older]
    numbered = [msgspec.structs.replace(record, id=event(600 + n, record.type).id) for n, record in enumerate(older)]
    assert msgspec.structs.replace(_after(again + numbered, erased, first=101), seen=_at(100)) == bare


def test_a_repeated_erasure_does_not_erase_what_came_after_it() -> None:
    erase = event(1, EventType.ERASE)
    profile = _after([erase, event(2, EventType.LIKE, "a"), erase])
    assert view(profile, BEGIN).likes == ("a",)
    later = apply(profile, event(3, EventType.ERASE))
    assert view(later, BEGIN).likes == ()


@given(histories(), st.floats(0, 500), st.floats(0, 500))
def test_weights_only_fall_with_time(events: list[EventRecord], days: float, more: float) -> None:
    profile, start = _after(events), BEGIN + timedelta(hours=1)
    early, late = (view(profile, start + timedelta(days=passed)) for passed in (days, days + more))
    for before, after in ((early.plays, late.plays), (early.skips, late.skips)):
        assert set(after) <= set(before)
        assert all(0 < weight <= before[track] for track, weight in after.items())
    assert early.likes == late.likes


def test_plays_halve_in_thirty_days_and_skips_in_fourteen() -> None:
    skip = event(1, EventType.SKIP, "b", minutes=0, position_ms=2_000, duration_ms=200_000)
    profile = _after([event(0, EventType.PLAY, "a"), skip])
    assert view(profile, BEGIN + timedelta(days=30)).plays == {"a": pytest.approx(0.5)}
    assert view(profile, BEGIN + timedelta(days=14)).skips == {"b": pytest.approx(0.5)}


@pytest.mark.parametrize(
    ("kind", "position", "duration", "counts_as"),
    [
        (EventType.PLAY, None, None, "plays"),
        (EventType.PLAY, 10_000, None, "plays"),
        (EventType.PLAY, 99_999, 200_000, None),
        (EventType.PLAY, 100_000, 200_000, "plays"),
        (EventType.PLAY, 240_000, 3_600_000, "plays"),
        (EventType.SKIP, None, 200_000, None),
        (EventType.SKIP, 29_999, 200_000, "skips"),
        (EventType.SKIP, 29_999, None, "skips"),
        (EventType.SKIP, 30_000, 200_000, None),
        (EventType.SKIP, 20_000, 40_000, "plays"),
        (EventType.SKIP, 150_000, 200_000, "plays"),
        (EventType.SKIP, 240_000, None, "plays"),
    ],
)
def test_what_a_play_and_a_skip_count_as(
    kind: EventType, position: int | None, duration: int | None, counts_as: str | None
) -> None:
    profile = apply(NOBODY, event(1, kind, "a", position_ms=position, duration_ms=duration))
    assert {name for name in ("plays", "skips") if getattr(profile, name)} == ({counts_as} if counts_as else set())


def test_at_most_twenty_plays_of_a_track_count() -> None:
    profile = _after([event(number, EventType.PLAY, "a", minutes=0) for number in range(30)])
    assert view(profile, BEGIN).plays == {"a": 20.0}


def test_the_session_is_what_was_chosen_within_the_last_ten_events_and_the_last_hour() -> None:
    events = [event(number, EventType.PLAY, str(number)) for number in range(80)]
    profile = _after(events)
    assert view(profile, BEGIN + timedelta(minutes=79)).session == tuple(map(str, range(79, 69, -1)))
    assert view(profile, BEGIN + timedelta(minutes=134)).session == tuple(map(str, range(79, 74, -1)))
    assert view(profile, BEGIN + timedelta(minutes=200)).session == ()
    skip = event(80, EventType.SKIP, "x", position_ms=1_000)
    taken_back = [event(81, EventType.LIKE, "y"), event(82, EventType.CLEAR, "y"), event(83, EventType.DISLIKE, "79")]
    profile = _after([skip, *taken_back], profile, first=80)
    assert view(profile, BEGIN + timedelta(minutes=83)).session == ("78", "77", "76", "75", "74")


def test_a_dislike_outweighs_the_plays_of_its_track() -> None:
    told = view(_after([event(1, EventType.PLAY, "a"), event(2, EventType.DISLIKE, "a")]), BEGIN)
    assert (told.dislikes, told.plays) == (("a",), {})


def test_a_profile_is_bounded_and_forgets_the_smallest_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decay, "MAXIMUM_TRACKS", 3)
    heard = ["old", "often", "often", "a", "b", "c"]
    events = [event(number, EventType.PLAY, track, minutes=number * 1440) for number, track in enumerate(heard)]
    assert set(_after(events).plays) == {"often", "b", "c"}
    many = [event(number, EventType.PLAY, "a", minutes=0) for number in range(3 * MAXIMUM_RECENT)]
    assert len(_after(many).recent) == MAXIMUM_RECENT


def test_no_like_is_ever_forgotten_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "MAXIMUM_OPINIONS", {Opinion.LIKE: 3, Opinion.DISLIKE: 2, Opinion.NONE: 2})
    full = _after([event(number, EventType.LIKE, track) for number, track in enumerate("abc")])
    another = event(9, EventType.LIKE, "d")
    assert judge(full, another) is Effect.FULL
    assert apply(full, another) == full
    assert explain_full(another) == "a listener can have at most 3 likes: clear some before the next"
    assert judge(full, event(9, EventType.LIKE, "a")) is Effect.APPLIED
    room = apply(full, event(10, EventType.CLEAR, "b"))
    assert set(view(apply(room, event(11, EventType.LIKE, "d")), BEGIN).likes) == {"a", "c", "d"}


def test_of_many_opinions_taken_back_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "MAXIMUM_OPINIONS", {Opinion.LIKE: 9, Opinion.DISLIKE: 9, Opinion.NONE: 2})
    profile = _after([event(number, EventType.CLEAR, track) for number, track in enumerate("cab")])
    assert set(profile.opinions) == {"a", "b"}


def test_parts_that_an_event_does_not_concern_are_shared() -> None:
    liked = apply(NOBODY, event(1, EventType.LIKE, "a"))
    assert apply(liked, event(2, EventType.PLAY, "b")).opinions is liked.opinions
