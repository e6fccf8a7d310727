"""What became of a catalogue's batches, and how much its listeners do: counts that the database makes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from segue_core.store.database import Collection, Database, Document, of_catalogue


@dataclass(frozen=True, kw_only=True)
class BatchAccount:
    """What is stored of one batch."""

    batch: str
    """Name of the TrackBatch."""
    tracks: int
    """Tracks whose newest record is the batch's."""
    rejected: Mapping[str, int]
    """Reason -> rejections."""
    newest: int
    """Timestamp of its newest record, milliseconds since the epoch; 0 if unknown."""


@dataclass(frozen=True)
class ListenerNumbers:
    """How much listeners do."""

    listeners: int
    events: Mapping[str, int]
    """Type -> stored events."""


def count_batches(target: Database, catalogue: str) -> list[BatchAccount]:
    """An account of each batch that has stored or rejected tracks, the newest first."""
    stored, newest = Counter[str](), Counter[str]()
    grouped = {"_id": "$batch", "tracks": {"$sum": 1}, "newest": {"$max": "$kafka.timestamp"}}
    for entry in target[Collection.TRACKS].aggregate([{"$match": of_catalogue(catalogue)}, {"$group": grouped}]):
        name = str(entry["_id"] or "")
        stored[name] += int(entry["tracks"])
        newest[name] = max(newest[name], int(entry["newest"] or 0))
    rejected: defaultdict[str, Counter[str]] = defaultdict(Counter)
    reasons: list[Document] = [
        {"$match": {"catalogue": catalogue}},
        {
            "$group": {
                "_id": {"batch": "$batch", "reason": "$reason"},
                "files": {"$sum": 1},
                "newest": {"$max": "$kafka.timestamp"},
            }
        },
    ]
    for entry in target[Collection.REJECTED].aggregate(reasons):
        name = str(entry["_id"].get("batch") or "")
        rejected[name][str(entry["_id"].get("reason", ""))] += int(entry["files"])
        newest[name] = max(newest[name], int(entry["newest"] or 0))
    accounts = [
        BatchAccount(batch=name, tracks=stored[name], rejected=dict(rejected.get(name, {})), newest=newest[name])
        for name in {*stored, *rejected}
    ]
    return sorted(accounts, key=lambda account: (-account.newest, account.batch))


def count_listeners(target: Database, catalogue: str) -> ListenerNumbers:
    """Number of listeners that did something since they were last erased, and of all stored events by type."""
    active = {"catalogue": catalogue, "recent": {"$exists": True, "$ne": []}}
    listeners = target[Collection.PROFILES].count_documents(active)
    by_type: list[Document] = [
        {"$match": {"catalogue": catalogue}},
        {"$group": {"_id": "$type", "events": {"$sum": 1}}},
    ]
    counted = target[Collection.EVENTS].aggregate(by_type)
    return ListenerNumbers(listeners, {str(entry["_id"]): int(entry["events"]) for entry in counted})
