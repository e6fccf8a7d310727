"""Forgetting tracks: everything that is stored under their ids goes, and the ids are free for other music."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segue_core.store.database import Collection, Database, Document
from segue_core.store.presence import delete_presence, read_presence
from segue_core.store.titles import file_title
from segue_core.store.tracks import delete_tracks, rows_with_ids


@dataclass(frozen=True, slots=True)
class KnownTrack:
    """What would go with an id."""

    track_id: str
    title: str | None
    artist: str | None
    path: str
    source: str
    is_stored: bool
    """False if it was deleted, and only its id is still bound."""
    events: int
    """Likes, plays and skips."""


def find_known(target: Database, catalogue: str, track_ids: Sequence[str]) -> Iterator[KnownTrack]:
    """What is known under these ids; nothing for an id that is free."""
    rows = {row.track_id: row for row in rows_with_ids(target, catalogue, track_ids)}
    presences = {found.track_id: found for found in read_presence(target, catalogue, track_ids)}
    for track_id in dict.fromkeys(track_ids):
        row, presence = rows.get(track_id), presences.get(track_id)
        events = target[Collection.EVENTS].count_documents({"catalogue": catalogue, "trackId": track_id})
        if row is None and presence is None:
            continue
        entry = presence.sources[0] if presence is not None and presence.sources else None
        yield KnownTrack(
            track_id=track_id,
            title=row.metadata.title or file_title(row.path) if row else None,
            artist=row.metadata.artist if row else None,
            path=row.path if row else entry.path if entry else "",
            source=row.source if row else entry.name if entry else "",
            is_stored=row is not None,
            events=events,
        )


_LISTS = {"opinions": 0, "plays": 0, "skips": 0, "recent": 2}
"""List of a profile -> place of the track's id in each of its entries (see `profiles.ProfileDocument`)."""


def _forget_in_profiles(target: Database, catalogue: str, track_ids: frozenset[str]) -> None:
    for found in target[Collection.PROFILES].find({"catalogue": catalogue}, [*_LISTS, "kafka"]):
        profile: Document | None = found
        while profile is not None and (changes := _without(profile, track_ids)):
            unchanged = {"_id": profile["_id"], "kafka": profile.get("kafka")}
            if target[Collection.PROFILES].update_one(unchanged, {"$set": changes}).matched_count:
                break
            profile = target[Collection.PROFILES].find_one({"_id": profile["_id"]})  # the sink has added an event


def _without(profile: Document, track_ids: frozenset[str]) -> Document:
    """The lists of a profile that change when these tracks go."""
    changes: Document = {}
    for name, place in _LISTS.items():
        entries = profile.get(name) or []
        kept = [entry for entry in entries if entry[place] not in track_ids]
        if len(kept) < len(entries):
            changes[name] = kept
    return changes


def forget(target: Database, catalogue: str, track_ids: Sequence[str]) -> None:
    """Delete the tracks, where they are, and what listeners did with them.

    The ids are freed last: until then no other music can have them, however early this ends.
    """
    _forget_in_profiles(target, catalogue, frozenset(track_ids))
    target[Collection.EVENTS].delete_many({"catalogue": catalogue, "trackId": {"$in": list(track_ids)}})
    delete_tracks(target, catalogue, track_ids)
    delete_presence(target, catalogue, track_ids)
