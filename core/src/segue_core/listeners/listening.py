"""What an event counts as: whether a track was heard, or quickly skipped, is decided here and not by the player."""

from __future__ import annotations

from segue_core.contract import EventType
from segue_core.store.records import EventRecord

PLAY_MS = 240_000
"""After this time, or half of the track, a play counts; Last.fm and ListenBrainz count so, too."""
QUICK_SKIP_MS = 30_000
"""A skip before this time, and before half of the track, counts."""


def counted_type(event: EventRecord) -> EventType | None:
    """The type that an event counts as; None if it counts as nothing.

    A skip after the time that makes a play is a play. Between a quick skip and a play, neither is known. A skip without
    a position says nothing, for half of all plays end early. A play is believed if its position or duration is unknown.
    """
    if event.type not in (EventType.PLAY, EventType.SKIP):
        return event.type
    position, duration = event.position_ms, event.duration_ms
    if event.type is EventType.PLAY and (position is None or duration is None):
        return EventType.PLAY
    if position is None:
        return None
    half = PLAY_MS if duration is None else duration / 2
    if position >= min(half, PLAY_MS):
        return EventType.PLAY
    quick = event.type is EventType.SKIP and position < QUICK_SKIP_MS
    return EventType.SKIP if quick else None
