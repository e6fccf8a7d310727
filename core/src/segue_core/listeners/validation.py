"""What makes an event valid: every bound of every field, and a sentence for each that is broken."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from segue_core.contract import EventType
from segue_core.contract.wording import shorten
from segue_core.store.records import EventContext, EventRecord, StatedPreferences, StatedRange

MAXIMUM_USER_CHARACTERS = 128
MAXIMUM_TRACK_ID_CHARACTERS = 512
MAXIMUM_NAME_CHARACTERS = 500
"""Of a client, a list, and each name among the preferences."""
MAXIMUM_STATED_CHARACTERS = 100_000
"""Of all names among the preferences together."""
MAXIMUM_PREFERRED = 100
"""Genres, and artists, among the preferences."""
MAXIMUM_EXCLUDED = 500
"""Tracks, artists, albums, genres: of each."""
MAXIMUM_MILLISECONDS = 7 * 24 * 3600 * 1000
"""Of a position and a duration."""
MAXIMUM_RANK = 10_000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=1)
"""How far ahead of ours a client's clock may be."""

_CATALOGUE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, surrogates, and line and paragraph separators."""
_SHOWN_CHARACTERS = 60
_LISTENING = (EventType.PLAY, EventType.SKIP)


def find_faults(event: EventRecord, now: datetime) -> list[str]:
    """What is wrong with an event, a sentence each; nothing if it is valid.

    Parameters
    ----------
    now
        The time of its arrival.
    """
    return [
        *_identity(event),
        *_time(event.time, now),
        *_track(event),
        *_listening(event),
        *_context(event.context),
        *_preferences(event),
    ]


def _shown(text: str) -> str:
    return repr(shorten(text, _SHOWN_CHARACTERS))


def _text(name: str, value: str, most: int) -> Iterator[str]:
    if not value:
        yield f"{name} must not be empty"
    elif len(value) > most:
        yield f"{name} must have at most {most} characters, not {len(value)}"
    elif any(unicodedata.category(character) in _UNPRINTABLE for character in value):
        yield f"{name} {_shown(value)} must not contain control characters"


def _optional_text(name: str, value: str | None, most: int) -> Iterator[str]:
    if value is not None:
        yield from _text(name, value, most)


def _identity(event: EventRecord) -> Iterator[str]:
    if event.id.version != 7:
        yield f"id {event.id} is not a UUID of version 7"
    if not _CATALOGUE.fullmatch(event.catalogue):
        yield (
            f"catalogue {_shown(event.catalogue)} is not a catalogue's name: at most 63 lowercase letters, digits and "
            "'-', beginning and ending with a letter or digit"
        )
    yield from _text("user", event.user, MAXIMUM_USER_CHARACTERS)
    yield from _optional_text("client", event.client, MAXIMUM_NAME_CHARACTERS)


def _time(time: datetime, now: datetime) -> Iterator[str]:
    if time < EARLIEST:
        yield f"time {time.isoformat()} is before {EARLIEST.year}"
    elif time > now + FUTURE:
        yield f"time {time.isoformat()} is more than a day in the future; it is {now.isoformat()} now"


def _track(event: EventRecord) -> Iterator[str]:
    if not event.type.concerns_track:
        if event.track_id is not None:
            yield f"trackId does not belong to the type {event.type}"
    elif event.track_id is None:
        yield f"trackId is missing: the type {event.type} needs it"
    else:
        yield from _text("trackId", event.track_id, MAXIMUM_TRACK_ID_CHARACTERS)


def _listening(event: EventRecord) -> Iterator[str]:
    times = {"positionMs": event.position_ms, "durationMs": event.duration_ms}
    for name, value in times.items():
        if value is None:
            continue
        if event.type not in _LISTENING:
            yield f"{name} does not belong to the type {event.type}, only to play and skip"
        elif not (least := 0 if name == "positionMs" else 1) <= value <= MAXIMUM_MILLISECONDS:
            yield f"{name} must be from {least} to {MAXIMUM_MILLISECONDS}, not {value}"
    if event.position_ms is not None and event.duration_ms is not None and event.position_ms > event.duration_ms:
        yield f"positionMs {event.position_ms} is beyond durationMs {event.duration_ms}"


def _context(context: EventContext | None) -> Iterator[str]:
    if context is None:
        return
    yield from _optional_text("context.model", context.model, MAXIMUM_NAME_CHARACTERS)
    yield from _optional_text("context.list", context.list, MAXIMUM_NAME_CHARACTERS)
    yield from _optional_text("context.seed", context.seed, MAXIMUM_TRACK_ID_CHARACTERS)
    if context.rank is not None and not 1 <= context.rank <= MAXIMUM_RANK:
        yield f"context.rank must be from 1 to {MAXIMUM_RANK}, not {context.rank}"
    if context.score is not None and not math.isfinite(context.score):
        yield "context.score is not a finite number"


def _preferences(event: EventRecord) -> Iterator[str]:
    stated = event.preferences
    if event.type is not EventType.PREFERENCES:
        if stated is not None:
            yield f"preferences do not belong to the type {event.type}"
    elif stated is None:
        yield "preferences are missing: the type preferences needs them"
    else:
        yield from find_preference_faults(stated)


def find_preference_faults(stated: StatedPreferences) -> list[str]:
    """What is wrong with stated preferences, a sentence each; nothing if they are valid."""
    excluded = stated.excluded
    return [
        *_names("preferences.genres", stated.genres, MAXIMUM_PREFERRED),
        *_names("preferences.artists", stated.artists, MAXIMUM_PREFERRED),
        *_range("preferences.tempoBpm", stated.tempo_bpm),
        *_range("preferences.year", stated.year),
        *_range("preferences.loudnessDb", stated.loudness_db),
        *_names("preferences.excluded.tracks", excluded.tracks, MAXIMUM_EXCLUDED, MAXIMUM_TRACK_ID_CHARACTERS),
        *_names("preferences.excluded.artists", excluded.artists, MAXIMUM_EXCLUDED),
        *_names("preferences.excluded.albums", excluded.albums, MAXIMUM_EXCLUDED),
        *_names("preferences.excluded.genres", excluded.genres, MAXIMUM_EXCLUDED),
        *_total(stated),
    ]


def _names(name: str, values: Sequence[str], most: int, characters: int = MAXIMUM_NAME_CHARACTERS) -> Iterator[str]:
    if len(values) > most:
        yield f"{name} must have at most {most} entries, not {len(values)}"
        return
    for number, value in enumerate(values):
        yield from _text(f"{name}[{number}]", value, characters)


def _total(stated: StatedPreferences) -> Iterator[str]:
    excluded = stated.excluded
    lists = (stated.genres, stated.artists, excluded.tracks, excluded.artists, excluded.albums, excluded.genres)
    characters = sum(len(name) for names in lists for name in names)
    if characters > MAXIMUM_STATED_CHARACTERS:
        yield f"preferences must have at most {MAXIMUM_STATED_CHARACTERS} characters in all names, not {characters}"


def _range(name: str, stated: StatedRange | None) -> Iterator[str]:
    if stated is None:
        return
    ends = [end for end in (stated.low, stated.high) if end is not None]
    if not all(map(math.isfinite, ends)):
        yield f"{name} has an end that is not a finite number"
    elif len(ends) == 2 and ends[0] > ends[1]:
        yield f"{name} from {stated.low} to {stated.high} is empty; give the smaller number first"
