"""Presence: which sources have the file of a stored track, and which tracks are hidden because none has.

Verification writes it, with compare-and-set, so that two sources of one track do not overwrite each other. A track
without a document counts as present: it has just been stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct
from pymongo import InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from segue_core.store.content_marks import change_content
from segue_core.store.database import Collection, Database, Document, find_by_ids, of_catalogue
from segue_core.store.records import to_document, track_key
from segue_core.store.unreadable import UnreadableDocumentError

_BATCH = 1000
_DUPLICATE_KEY = 11000
_WRITER = "presence"


class SourcePresence(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A track in one source."""

    name: str
    path: str
    """Where the source has, or had, the file."""
    present: bool
    since: str
    """When it came or went; RFC 3339, UTC."""
    problem: str | None = None
    """Why the file, which is there, cannot be used any more."""
    keep: bool = False
    """The source keeps what is missing: it hides nothing."""
    changed_by: str = ""
    """Uid of the batch that made the last change."""
    change: str = ""
    """What that change was; a verification that is repeated counts it again."""

    @property
    def is_usable(self) -> bool:
        """Whether the file is there and can be decoded."""
        return self.present and self.problem is None

    @property
    def shows(self) -> bool:
        """Whether the track is shown because of this source."""
        return self.is_usable or self.keep


class Presence(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where a track is, collection ``presence``, ``_id`` = ``<catalogue>:<track id>``."""

    catalogue: str
    track_id: str
    audio_sha256: str
    """The audio that the id is bound to."""
    sources: tuple[SourcePresence, ...]
    deleted: bool = False
    """The track is no longer stored; this document keeps its id from meaning other music."""
    hidden: bool = False
    revision: int = 0

    @property
    def key(self) -> str:
        """Its ``_id``."""
        return track_key(self.catalogue, self.track_id)

    def source(self, name: str) -> SourcePresence | None:
        """The track in one source; None if that source never had it."""
        return next((entry for entry in self.sources if entry.name == name), None)

    @property
    def why_hidden(self) -> str:
        """A sentence for people."""
        broken = next((entry for entry in self.sources if entry.present and entry.problem), None)
        if broken is not None:
            return f"its file {broken.path} in {broken.name} has not been usable since {broken.since}: {broken.problem}"
        gone = max(self.sources, key=lambda entry: entry.since)
        return f"its file {gone.path} has been missing from {gone.name} since {gone.since}"


def _decode(document: Document) -> Presence:
    try:
        return msgspec.convert(document, Presence)
    except msgspec.ValidationError as error:
        raise UnreadableDocumentError(f"presence {str(document['_id'])!r}", str(error)) from error


def _find(target: Database, query: Document) -> Iterator[Presence]:
    yield from map(_decode, target[Collection.PRESENCE].find(query, batch_size=_BATCH))


def hidden_ids(target: Database, catalogue: str) -> frozenset[str]:
    """Ids of the tracks that must not be listed, counted, trained on or recommended."""
    query = {"catalogue": catalogue, "hidden": True}
    return frozenset(str(found["trackId"]) for found in target[Collection.PRESENCE].find(query, ["trackId"]))


def read_hidden(target: Database, catalogue: str) -> Iterator[Presence]:
    """The hidden tracks, those that are deleted included.

    Raises
    ------
    UnreadableDocumentError
        A document is damaged.
    """
    return _find(target, {"catalogue": catalogue, "hidden": True})


def read_source(target: Database, catalogue: str, source: str) -> Iterator[Presence]:
    """The tracks that a source has or had.

    Raises
    ------
    UnreadableDocumentError
        A document is damaged.
    """
    return _find(target, {"catalogue": catalogue, "sources.name": source})


def has_source(target: Database, catalogue: str, source: str) -> bool:
    """Whether anything of a source is stored, or is known to have been: verified or not."""
    if target[Collection.PRESENCE].find_one({"catalogue": catalogue, "sources.name": source}, {"_id": 1}):
        return True
    return target[Collection.TRACKS].find_one({**of_catalogue(catalogue), "source": source}, {"_id": 1}) is not None


def read_presence(target: Database, catalogue: str, track_ids: Iterable[str]) -> Iterator[Presence]:
    """The documents among these ids.

    Raises
    ------
    UnreadableDocumentError
        A document is damaged.
    """
    keys = (track_key(catalogue, track_id) for track_id in track_ids)
    yield from map(_decode, find_by_ids(target[Collection.PRESENCE], keys, None))


def write_presence(target: Database, changed: Sequence[Presence]) -> bool:
    """Write documents unless another program has changed one of them since; return whether all were written.

    Parameters
    ----------
    changed
        Each has the revision that was read, or 0 if it is new; all are of one catalogue.
    """
    requests: list[InsertOne[Document] | ReplaceOne[Document]] = []
    for presence in changed:
        following = msgspec.structs.replace(presence, revision=presence.revision + 1)
        document = {"_id": presence.key, **to_document(following), "hidden": presence.hidden}
        if presence.revision:
            requests.append(ReplaceOne({"_id": presence.key, "revision": presence.revision}, document))
        else:
            requests.append(InsertOne(document))
    written = 0
    for start in range(0, len(requests), _BATCH):
        chunk = requests[start : start + _BATCH]

        def write(session: ClientSession, chunk: Sequence[InsertOne[Document] | ReplaceOne[Document]] = chunk) -> int:
            result = target[Collection.PRESENCE].bulk_write(chunk, ordered=False, session=session)
            return result.inserted_count + result.matched_count

        try:
            written += change_content(target, changed[0].catalogue, _WRITER, write)
        except BulkWriteError as error:
            if any(entry["code"] != _DUPLICATE_KEY for entry in error.details["writeErrors"]):
                raise
            return False
    return written == len(requests)


def delete_presence(target: Database, catalogue: str, track_ids: Iterable[str]) -> None:
    """Forget where tracks are; their ids are free."""
    keys = [track_key(catalogue, track_id) for track_id in track_ids]
    if keys:
        query = {"_id": {"$in": keys}}
        change_content(
            target, catalogue, _WRITER, lambda own: target[Collection.PRESENCE].delete_many(query, session=own)
        )
