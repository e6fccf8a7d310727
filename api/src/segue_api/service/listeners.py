"""Listeners' profiles in memory, kept up to date by their events."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from segue_api.ports import Store
from segue_api.service.tail import Tail
from segue_core.listeners.apply import Effect, apply, explain_full, judge
from segue_core.listeners.profile import Profile
from segue_core.listeners.view import view
from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.prepared import PreparedListener
from segue_core.recommend.recommender import Recommender
from segue_core.store.position import Position
from segue_core.store.records import EventRecord, event_key

MAXIMUM_PROFILES = 10_000
_VIEW_SECONDS = 60.0
"""How long a view is used again: decay changes nothing that matters in a minute."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Prepared:
    """What a recommender made of a profile."""

    profile: Profile
    made: datetime
    model: str
    listener: PreparedListener


class Listeners:
    """Profiles of the listeners that were asked for; those not used for longest are forgotten first.

    A profile is read from the store once. From then on it is kept up to date by the events that this replica takes, and
    by those that it reads from the topic. The topic is the only source of order, so an event of this replica's own is
    applied without its position: it comes again from the topic, and is recognised by its id.
    """

    def __init__(
        self,
        store: Store,
        *,
        maximum: int = MAXIMUM_PROFILES,
        clock: Callable[[], datetime] = _now,
        tail: Tail | None = None,
    ) -> None:
        self._store = store
        self._maximum = maximum
        self._clock = clock
        self._lock = threading.Lock()
        self._profiles: OrderedDict[str, Profile] = OrderedDict()
        self._own: dict[str, dict[UUID, EventRecord]] = {}
        """Events of this replica's own that have not come from the topic yet."""
        self._prepared: dict[str, _Prepared] = {}
        self._tail = tail or Tail()

    def __len__(self) -> int:
        return len(self._profiles)

    def profile(self, catalogue: str, user: str) -> Profile:
        """What is known of a listener; reads the store the first time.

        Raises
        ------
        StoreUnavailableError
            The database does not answer.
        UnreadableDocumentError
            The stored profile is damaged.
        """
        key = event_key(catalogue, user)
        if (found := self.known(catalogue, user)) is not None:
            return found
        document = self._store.profile(catalogue, user)
        profile = Profile.of_document(document) if document else Profile(catalogue=catalogue, user=user)
        with self._lock:
            for event, position in self._tail.of(key):
                profile = apply(profile, event, position)
            for event in self._own.get(key, {}).values():
                profile = apply(profile, event)
            return self._keep(key, profile)

    def known(self, catalogue: str, user: str) -> Profile | None:
        """What is known of a listener, if it is in memory."""
        key = event_key(catalogue, user)
        with self._lock:
            found = self._profiles.get(key)
            if found is not None:
                self._profiles.move_to_end(key)
            return found

    def _keep(self, key: str, profile: Profile) -> Profile:
        profile = self._profiles.setdefault(key, profile)  # another request may have been faster
        while len(self._profiles) > self._maximum:
            forgotten, _ = self._profiles.popitem(last=False)
            self._prepared.pop(forgotten, None)
        return profile

    def find_refusal(self, event: EventRecord) -> str | None:
        """Why the profile has no room for an event; None if it has, or if it is not in memory and the sink decides."""
        profile = self._profiles.get(event_key(event.catalogue, event.user))
        if profile is None or judge(profile, event) is not Effect.FULL:
            return None
        return explain_full(event)

    def take(self, event: EventRecord) -> None:
        """Apply an event of this replica's own, which the broker has acknowledged."""
        key = event_key(event.catalogue, event.user)
        with self._lock:
            if key in self._profiles:
                self._profiles[key] = apply(self._profiles[key], event)
            self._own.setdefault(key, {})[event.id] = event
            if len(self._own) > self._maximum:
                self._own.pop(next(iter(self._own)))

    def follow(self, event: EventRecord, position: Position) -> int:
        """Apply an event of the topic; return how many events had to be given up, because the store is far behind."""
        key = event_key(event.catalogue, event.user)
        with self._lock:
            if key in self._profiles:
                self._profiles[key] = apply(self._profiles[key], event, position)
            own = self._own.get(key, {})
            if own.pop(event.id, None) and not own:
                del self._own[key]
            return self._tail.add(event, position)

    def prune(self, seen: Mapping[int, Position]) -> None:
        """Forget the events that the stored profiles have seen."""
        with self._lock:
            self._tail.prune(seen)

    def view(self, profile: Profile) -> ListenerView:
        """A profile with all decay applied."""
        return view(profile, self._clock())

    def prepared(self, profile: Profile, recommender: Recommender) -> PreparedListener | None:
        """What `prepare` made lately and would return again; None if it would have to work."""
        before = self._prepared.get(event_key(profile.catalogue, profile.user))
        if before is None or before.model != recommender.model:
            return None
        is_fresh = (self._clock() - before.made).total_seconds() < _VIEW_SECONDS
        return before.listener if is_fresh and _tell_the_same(before.profile, profile) else None

    def prepare(self, profile: Profile, recommender: Recommender) -> PreparedListener:
        """A profile as a recommender wants it; kept while neither the profile nor the model changes."""
        if (known := self.prepared(profile, recommender)) is not None:
            return known
        key, now = event_key(profile.catalogue, profile.user), self._clock()
        before = self._prepared.get(key)
        same_model = before is not None and before.model == recommender.model
        listener = recommender.prepare(view(profile, now), before.listener if before and same_model else None)
        with self._lock:
            if key in self._profiles:
                self._prepared[key] = _Prepared(profile, now, recommender.model, listener)
        return listener


def _tell_the_same(one: Profile, other: Profile) -> bool:
    """Whether nothing has changed that a view is made of: an event that comes again from the topic changes nothing."""
    return (
        one.opinions is other.opinions
        and one.plays is other.plays
        and one.skips is other.skips
        and one.recent is other.recent
        and one.preferences is other.preferences
    )
