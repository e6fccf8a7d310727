"""Counts of batches and listeners on a real database."""

from __future__ import annotations

from segue_core.store.accounts import BatchAccount, ListenerNumbers, count_batches, count_listeners
from segue_core.store.database import Collection, Database


def track(catalogue: str, track_id: str, batch: str, timestamp: int) -> dict[str, object]:
    key = f"{catalogue}:{track_id}"
    return {"_id": key, "catalogue": catalogue, "trackId": track_id, "batch": batch, "kafka": {"timestamp": timestamp}}


def test_batches_are_counted_by_what_they_stored_and_rejected(target: Database) -> None:
    target[Collection.TRACKS].insert_many(
        [track("a", "1", "old", 5), track("a", "2", "old", 7), track("a", "3", "new", 9), track("b", "1", "old", 99)]
    )
    target[Collection.REJECTED].insert_many(
        [
            {"_id": "1", "catalogue": "a", "batch": "old", "reason": "Silent", "kafka": {"timestamp": 6}},
            {"_id": "2", "catalogue": "a", "batch": "empty", "reason": "Silent", "kafka": {"timestamp": 8}},
            {"_id": "3", "catalogue": "a", "batch": "empty", "reason": "TooShort"},
            {"_id": "4", "catalogue": "b", "batch": "old", "reason": "Silent"},
        ]
    )
    assert count_batches(target, "a") == [
        BatchAccount(batch="new", tracks=1, rejected={}, newest=9),
        BatchAccount(batch="empty", tracks=0, rejected={"Silent": 1, "TooShort": 1}, newest=8),
        BatchAccount(batch="old", tracks=2, rejected={"Silent": 1}, newest=7),
    ]
    assert count_batches(target, "none") == []


def test_listeners_are_counted_without_the_erased(target: Database) -> None:
    target[Collection.PROFILES].insert_many(
        [
            {"_id": "a:anna", "catalogue": "a", "recent": [["x", 1, "t", "like"]], "erasure": None},
            {"_id": "a:gone", "catalogue": "a", "recent": [], "erasure": {"timeMs": 1, "event": "x"}},
            {
                "_id": "a:back",
                "catalogue": "a",
                "recent": [["y", 2, "t", "play"]],
                "erasure": {"timeMs": 1, "event": "x"},
            },
            {"_id": "b:anna", "catalogue": "b", "recent": [["z", 1, "t", "like"]]},
        ]
    )
    target[Collection.EVENTS].insert_many(
        [
            {"_id": str(n), "catalogue": "a", "user": "anna", "type": kind}
            for n, kind in enumerate(("like", "play", "like"))
        ]
    )
    assert count_listeners(target, "a") == ListenerNumbers(2, {"like": 2, "play": 1})
    assert count_listeners(target, "none") == ListenerNumbers(0, {})
