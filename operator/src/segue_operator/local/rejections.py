"""Reading rejections from the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from segue_jobs.runtime.mongodb import Collection, Document
from segue_operator.local.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Rejection:
    """One track that could not be used."""

    track_id: str
    batch: str
    stage: str
    reason: str
    path: str
    message: str

    @classmethod
    def of(cls, document: Document) -> Rejection:
        """From its document."""
        return cls(
            track_id=str(document.get("trackId", "")),
            batch=str(document.get("batch", "")),
            stage=str(document.get("stage", "")),
            reason=str(document.get("reason", "")),
            path=str(document.get("path", "")),
            message=str(document.get("message", "")),
        )


def check_catalogue(database: Database[Document], catalogue: str) -> None:
    """Raise for a catalogue that the database does not know.

    Raises
    ------
    UsageError
        It has neither tracks nor rejections.
    """
    tracks, rejected = database[Collection.TRACKS], database[Collection.REJECTED]
    if tracks.find_one({"catalogue": catalogue}) or rejected.find_one({"catalogue": catalogue}):
        return
    known = sorted({*tracks.distinct("catalogue"), *rejected.distinct("catalogue")})
    hint = did_you_mean(catalogue, known) or (
        f"there are: {', '.join(known)}" if known else "ingest one first: segue apply -f examples/demo"
    )
    raise UsageError(f"there is no catalogue {catalogue!r}", hint)


def read_rejections(database: Database[Document], **matching: Any) -> list[Rejection]:
    """Rejections that match, by reason, then path."""
    found = (Rejection.of(document) for document in database[Collection.REJECTED].find(matching))
    return sorted(found, key=lambda item: (item.reason, item.path, item.track_id))


def newest_batches(rejections: Iterable[Rejection]) -> list[str]:
    """Names of the batches that the rejections are of."""
    return sorted({item.batch for item in rejections})
