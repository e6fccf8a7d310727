"""Tracks: reading a catalogue as a whole, or in ranges of ids in parallel."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

import msgspec
from pymongo.client_session import ClientSession

from segue_core.store.content_marks import change_content
from segue_core.store.database import Collection, Database, Document, find_by_ids, of_catalogue
from segue_core.store.facts import FileFacts
from segue_core.store.presence import hidden_ids
from segue_core.store.records import Alternative, EarNote, Metadata, TrackRecord, track_key
from segue_core.store.unreadable import UnreadableDocumentError

PartT = TypeVar("PartT")
DefaultT = TypeVar("DefaultT")

_BATCH = 1000
_ROW = (
    "trackId", "source", "batch", "path", "audioSha256", "recipe", "audio.durationSeconds", "batchUid", "metadata",
    "alternatives", "claim.seenAudioSha256", "kafka.timestamp", "file", "added",
)  # fmt: skip
_RANGE_TRACKS = 20_000
"""MongoDB finds a range by its index, but the embedded server scans the collection for each; so there are few."""
_MINIMUM_RANGES, _MAXIMUM_RANGES = 2, 64


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A stored track without its vectors and names."""

    track_id: str
    source: str
    """The source that owns it; empty if it was stored by a program that knew no sources."""
    batch: str
    batch_uid: str
    path: str
    audio_sha256: str
    recipe: str
    duration_seconds: float
    metadata: Metadata
    alternatives: tuple[Alternative, ...]
    replaced: bool
    """Whether its record replaced an earlier one of the same id."""
    time: int
    """Timestamp of its Kafka record, milliseconds since the epoch; 0 if unknown."""
    file: FileFacts | None = None
    added: datetime | None = None

    @classmethod
    def of_document(cls, document: Document) -> TrackRow:
        """Read a document, whatever it lacks."""

        def text(name: str) -> str:
            return str(document.get(name) or "")

        duration = (document.get("audio") or {}).get("durationSeconds")
        return cls(
            track_id=text("trackId"),
            source=text("source"),
            batch=text("batch"),
            batch_uid=text("batchUid"),
            path=text("path"),
            audio_sha256=text("audioSha256"),
            recipe=text("recipe"),
            duration_seconds=float(duration) if isinstance(duration, int | float) else 0.0,
            metadata=_part(document.get("metadata"), Metadata, Metadata()),
            alternatives=_part(document.get("alternatives"), tuple[Alternative, ...], ()),
            replaced=bool((document.get("claim") or {}).get("seenAudioSha256")),
            time=int((document.get("kafka") or {}).get("timestamp", 0)),
            file=_part(document.get("file"), FileFacts, None),
            added=_part(document.get("added"), datetime, None),
        )


def _part(document: object, kind: type[PartT], default: DefaultT) -> PartT | DefaultT:
    """A part of a document that is only compared: the default if it is missing or damaged."""
    try:
        return default if document is None else msgspec.convert(document, kind)
    except msgspec.ValidationError:
        return default


def rows_of_sources(target: Database, catalogue: str, sources: Iterable[str]) -> Iterator[TrackRow]:
    """All tracks that one of these sources owns, in any order."""
    query = {**of_catalogue(catalogue), "source": {"$in": list(sources)}}
    yield from map(TrackRow.of_document, target[Collection.TRACKS].find(query, list(_ROW), batch_size=_BATCH))


def read_rows(target: Database, catalogue: str) -> Iterator[TrackRow]:
    """All stored tracks of a catalogue, hidden ones included, in any order."""
    yield from map(TrackRow.of_document, target[Collection.TRACKS].find(of_catalogue(catalogue), list(_ROW)))


def stored_ids(target: Database, catalogue: str) -> frozenset[str]:
    """Ids of all stored tracks, hidden ones included."""
    found = target[Collection.TRACKS].find(of_catalogue(catalogue), {"_id": 0, "trackId": 1})
    return frozenset(str(entry["trackId"]) for entry in found)


def rows_with_ids(target: Database, catalogue: str, track_ids: Iterable[str]) -> Iterator[TrackRow]:
    """The stored tracks among these ids."""
    keys = (track_key(catalogue, track_id) for track_id in track_ids)
    yield from map(TrackRow.of_document, find_by_ids(target[Collection.TRACKS], keys, _ROW))


def read_track(target: Database, catalogue: str, track_id: str) -> TrackRecord | None:
    """The complete record of a track; None if it is not stored.

    Raises
    ------
    UnreadableDocumentError
        Its document is damaged.
    """
    document = target[Collection.TRACKS].find_one({"_id": track_key(catalogue, track_id)})
    try:
        return None if document is None else msgspec.convert(document, TrackRecord)
    except msgspec.ValidationError as error:
        raise UnreadableDocumentError(f"track {track_id!r}", str(error)) from error


def find_ear(target: Database, catalogue: str, recipe: str) -> EarNote | None:
    """The network that heard the tracks of a recipe, as one of them says; None if none does."""
    query = {**of_catalogue(catalogue), "recipe": recipe, "ear": {"$exists": True}}
    document = target[Collection.TRACKS].find_one(query, ["ear"])
    return None if document is None else _part(document["ear"], EarNote, EarNote(name="unknown"))


def delete_tracks(target: Database, catalogue: str, track_ids: Iterable[str]) -> int:
    """Delete the documents of tracks; return how many there were."""
    keys, deleted = (track_key(catalogue, track_id) for track_id in track_ids), 0
    while chunk := list(islice(keys, _BATCH)):
        query = {"_id": {"$in": chunk}}

        def delete(session: ClientSession, query: Document = query) -> int:
            return target[Collection.TRACKS].delete_many(query, session=session).deleted_count

        deleted += change_content(target, catalogue, "tracks", delete)
    return deleted


def read_tracks(target: Database, catalogue: str, on_unreadable: Callable[[str, str], None]) -> Iterator[TrackRecord]:
    """All tracks of a catalogue, without their spectrograms.

    Parameters
    ----------
    on_unreadable
        Called with the id of each track whose document cannot be read, and the reason.
    """
    for entry in target[Collection.TRACKS].find(of_catalogue(catalogue), {"spectrogram": 0}, batch_size=_BATCH):
        try:
            yield msgspec.convert(entry, TrackRecord)
        except msgspec.ValidationError as error:
            on_unreadable(str(entry.get("trackId", entry["_id"])), str(error))


def find_tracks(target: Database, catalogue: str, track_ids: Iterable[str]) -> Iterator[TrackRecord]:
    """The stored tracks among these ids, without their spectrograms; what cannot be read is passed over."""
    keys = (track_key(catalogue, track_id) for track_id in track_ids)
    for entry in find_by_ids(target[Collection.TRACKS], keys, None):
        with contextlib.suppress(msgspec.ValidationError):
            yield msgspec.structs.replace(msgspec.convert(entry, TrackRecord), spectrogram={})


@dataclass(frozen=True)
class IdRange:
    """Ids ``start <= _id < end``, and how many tracks were there when they were counted."""

    start: str
    end: str
    tracks: int


def find_ranges(target: Database, catalogue: str) -> tuple[IdRange, ...]:
    """Divide a catalogue's ids into ranges of about equal size, which together cover every id.

    An empty catalogue has no ranges.
    """
    whole = of_catalogue(catalogue)["_id"]
    stored = target[Collection.TRACKS].estimated_document_count()
    count = min(max(-(-stored // _RANGE_TRACKS), _MINIMUM_RANGES), _MAXIMUM_RANGES)
    buckets = list(
        target[Collection.TRACKS].aggregate(
            [
                {"$match": of_catalogue(catalogue)},
                {"$project": {"_id": 1}},
                {"$bucketAuto": {"groupBy": "$_id", "buckets": count}},
            ],
            allowDiskUse=True,
        )
    )
    # The outer ends are the catalogue's own, so that a track that arrives meanwhile is in a range too.
    starts = [whole["$gte"], *(bucket["_id"]["min"] for bucket in buckets[1:])]
    ends = [*starts[1:], whole["$lt"]]
    return tuple(
        IdRange(start=start, end=end, tracks=bucket["count"])
        for start, end, bucket in zip(starts, ends, buckets, strict=False)
    )


def read_range(target: Database, catalogue: str, wanted: IdRange, fields: Iterable[str]) -> Iterator[Document]:
    """Documents of one range as they are stored, without hidden tracks, reduced to ``_id`` and the given fields."""
    hidden = {track_key(catalogue, track_id) for track_id in hidden_ids(target, catalogue)}
    query = {"catalogue": catalogue, "_id": {"$gte": wanted.start, "$lt": wanted.end}}
    for document in target[Collection.TRACKS].find(query, sorted(fields), batch_size=_BATCH):
        if document["_id"] not in hidden:
            yield document
