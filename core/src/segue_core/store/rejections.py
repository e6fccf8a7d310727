"""Rejections: the tracks that could not be used, and why; and the files of other tracks that were not taken."""

from __future__ import annotations

from collections.abc import Collection as AbstractCollection
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segue_core.contract import ALTERNATIVE, Stage
from segue_core.store.database import Collection, Database, Document, of_catalogue

_FIELDS = ("catalogue", "trackId", "batch", "batchUid", "stage", "reason", "path", "message", "kafka.timestamp")
"""All but the bytes that the sink keeps of an unreadable record."""
_BATCH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A track that could not be used. Fields that its document lacks are empty, so that it can be shown anyway."""

    catalogue: str
    track_id: str
    """The path, if no id could be determined."""
    batch: str
    batch_uid: str
    stage: str
    reason: str
    path: str
    message: str
    time: int
    """Timestamp of its Kafka record, milliseconds since the epoch; 0 if unknown."""


def _of_document(document: Document) -> Rejection:
    def text(name: str) -> str:
        return str(document.get(name, ""))

    return Rejection(
        catalogue=text("catalogue"),
        track_id=text("trackId"),
        batch=text("batch"),
        batch_uid=text("batchUid"),
        stage=text("stage"),
        reason=text("reason"),
        path=text("path"),
        message=text("message"),
        time=int((document.get("kafka") or {}).get("timestamp", 0)),
    )


def read_rejections(
    target: Database,
    *,
    catalogue: str | None = None,
    batch: str | None = None,
    batch_uids: AbstractCollection[str] | None = None,
    reason: str | None = None,
) -> Iterator[Rejection]:
    """Rejections that match every given criterion, in any order.

    Parameters
    ----------
    batch, batch_uids
        Name of the TrackBatch, and the uids that it may have.
    """
    wanted = {"catalogue": catalogue, "batch": batch, "reason": reason}
    query: Document = {name: value for name, value in wanted.items() if value is not None}
    if batch_uids is not None:
        query["batchUid"] = {"$in": list(batch_uids)}
    for document in target[Collection.REJECTED].find(query, list(_FIELDS), batch_size=_BATCH):
        yield _of_document(document)


def latest(rejections: Iterable[Rejection]) -> list[Rejection]:
    """The last rejection of each file: a batch that runs again rejects the same files again."""
    found: dict[tuple[str, str, str], Rejection] = {}
    for item in sorted(rejections, key=lambda item: item.time):
        found[item.catalogue, item.batch, item.path or item.track_id] = item
    return list(found.values())


def read_alternatives(target: Database, catalogue: str, *, batch: str | None = None) -> Iterator[Rejection]:
    """Files that were not taken, because another file of the same track was, in any order."""
    fields = ["catalogue", "trackId", "batch", "batchUid", "alternatives"]
    for document in target[Collection.TRACKS].find(of_catalogue(catalogue), fields, batch_size=_BATCH):
        if batch in (None, document.get("batch")):
            for entry in document.get("alternatives") or ():
                yield _of_document({**document, **entry, "reason": ALTERNATIVE, "stage": Stage.DECODE.value})
