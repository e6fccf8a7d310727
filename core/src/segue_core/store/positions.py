"""Up to where the stored profiles have seen each partition of the topic ``events``.

Written in the transaction that writes the profiles. So who reads the positions first, then the profiles, and then
follows the topic from the positions, misses no event; `Profile.seen` tells which ones a profile has seen already.
"""

from __future__ import annotations

from collections.abc import Iterable

from pymongo.client_session import ClientSession

from segue_core.store.database import Collection, Database, Document, find_by_ids
from segue_core.store.position import Position


def _id(position: Position) -> str:
    return f"{position.topic}:{position.partition}"


def _of_document(document: Document) -> Position | None:
    return Position.of_document({"kafka": document})


def read_positions(target: Database, topic: str) -> dict[int, Position]:
    """Partition -> position of the last event that profiles have seen; partitions without one are left out.

    Parameters
    ----------
    topic
        Name of the topic on the broker.
    """
    found = map(_of_document, target[Collection.POSITIONS].find({"topic": topic}))
    return {position.partition: position for position in found if position is not None}


def advance_positions(target: Database, reached: Iterable[Position], session: ClientSession) -> bool:
    """Move partitions forward to these positions; return False if another program moves them at the same time."""
    positions, wanted = target[Collection.POSITIONS], {_id(position): position for position in reached}
    stored = {document["_id"]: document for document in find_by_ids(positions, wanted, None, session)}
    for name, position in wanted.items():
        before = stored.get(name)
        document = {"_id": name, **position.to_document()}
        if before is None:
            positions.insert_one(document, session=session)
        elif position.is_newer_than(_of_document(before)):
            unchanged = {"_id": name, "offset": before["offset"], "timestamp": before["timestamp"]}
            if not positions.replace_one(unchanged, document, session=session).matched_count:
                return False
    return True
