"""What a recommender is told of a profile at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from segue_core.contract import EventType
from segue_core.listeners.decay import PLAY_HALF_LIFE_MS, SKIP_HALF_LIFE_MS, decayed
from segue_core.listeners.profile import Profile
from segue_core.recommend.filters import Range
from segue_core.recommend.listener_view import Exclusions, ListenerView, Preferences
from segue_core.store.profiles import Opinion, PreferencesEntry, RecentEvent, TrackWeight
from segue_core.store.records import StatedRange

SESSION_MS = 60 * 60 * 1000
SESSION_EVENTS = 10
"""A session is the last events, if they are not older than an hour."""
_NEGLIGIBLE = 0.01
"""A weight this small says nothing any more: a play of 200 days ago."""


def view(profile: Profile, now: datetime) -> ListenerView:
    """The profile with all decay applied.

    Parameters
    ----------
    now
        The moment, with a time zone. What happened later, by a clock that is ahead of ours, has not decayed.
    """
    now_ms = int(now.timestamp() * 1000)
    likes, dislikes = (_tracks_with(profile, opinion) for opinion in (Opinion.LIKE, Opinion.DISLIKE))
    disliked = frozenset(dislikes)
    return ListenerView(
        likes=likes,
        dislikes=dislikes,
        plays=_weights(profile.plays, now_ms, PLAY_HALF_LIFE_MS, disliked),
        skips=_weights(profile.skips, now_ms, SKIP_HALF_LIFE_MS, disliked),
        session=_session(profile, now_ms, disliked),
        preferences=_preferences(profile.preferences),
    )


def _tracks_with(profile: Profile, opinion: Opinion) -> tuple[str, ...]:
    """Tracks with this opinion, those with the newest first."""
    entries = [entry for entry in profile.opinions.values() if entry.opinion is opinion]
    entries.sort(key=lambda entry: (entry.time_ms, entry.event), reverse=True)
    return tuple(entry.track_id for entry in entries)


def _weights(
    weights: Mapping[str, TrackWeight], now_ms: int, half_life_ms: int, disliked: Collection[str]
) -> dict[str, float]:
    """What is left of the weights; a dislike says more than the plays and skips of its track."""
    found = {track_id: decayed(entry, now_ms, half_life_ms) for track_id, entry in weights.items()}
    return {track_id: value for track_id, value in found.items() if value >= _NEGLIGIBLE and track_id not in disliked}


def _session(profile: Profile, now_ms: int, disliked: Collection[str]) -> tuple[str, ...]:
    events = [entry for entry in profile.recent if entry.track_id and entry.time_ms > now_ms - SESSION_MS]
    events.sort(key=lambda entry: (entry.time_ms, entry.event), reverse=True)
    chosen = [entry.track_id for entry in events[:SESSION_EVENTS] if entry.track_id and _is_chosen(profile, entry)]
    return tuple(track_id for track_id in dict.fromkeys(chosen) if track_id not in disliked)


def _is_chosen(profile: Profile, entry: RecentEvent) -> bool:
    if entry.counts_as is EventType.LIKE:
        opinion = profile.opinions.get(entry.track_id or "")
        return opinion is not None and opinion.opinion is Opinion.LIKE  # it may have been taken back
    return entry.counts_as is EventType.PLAY


def _range(stated: StatedRange | None) -> Range | None:
    return None if stated is None else Range(stated.low, stated.high)


def _preferences(entry: PreferencesEntry | None) -> Preferences:
    if entry is None:
        return Preferences()
    stated, excluded = entry.stated, entry.stated.excluded
    return Preferences(
        genres=stated.genres,
        artists=stated.artists,
        tempo_bpm=_range(stated.tempo_bpm),
        year=_range(stated.year),
        loudness_db=_range(stated.loudness_db),
        excluded=Exclusions(
            tracks=frozenset(excluded.tracks),
            artists=frozenset(excluded.artists),
            albums=frozenset(excluded.albums),
            genres=frozenset(excluded.genres),
        ),
    )
