"""What MongoDB has already, so that a second batch over the same folder analyses nothing anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec
from pymongo.collection import Collection as MongoCollection
from pymongo.errors import PyMongoError

from segue_jobs.records import Metadata, TrackRecord, track_key
from segue_jobs.runtime.mongodb import Collection, Document, connect, database
from segue_jobs.runtime.program import ProgramError
from segue_jobs.runtime.settings import MongoSettings

_IDS_AT_ONCE = 1000
_PROJECTION = {"trackId": 1, "audioSha256": 1, "audio.durationSeconds": 1, "path": 1, "metadata": 1}


@dataclass(frozen=True)
class DoneTrack:
    """A track that is stored under the recipe."""

    audio_sha256: str
    duration_seconds: float
    path: str
    metadata: Metadata


class DoneTracks:
    """The tracks of one catalogue and recipe in MongoDB; entered, it holds a connection for all questions.

    A catalogue whose titles were corrected asks once a track: a connection for each would cost many times the answer.
    """

    def __init__(self, settings: MongoSettings, catalogue: str, recipe: str) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._recipe = recipe
        self._client = connect(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def find(self, track_ids: Sequence[str]) -> dict[str, DoneTrack]:
        """Those of the ids that are stored, without their vectors.

        Raises
        ------
        ProgramError
            MongoDB does not answer.
        """
        found: dict[str, DoneTrack] = {}
        for start in range(0, len(track_ids), _IDS_AT_ONCE):
            for document in self._fetch(track_ids[start : start + _IDS_AT_ONCE], _PROJECTION):
                found[document["trackId"]] = DoneTrack(
                    audio_sha256=document["audioSha256"],
                    duration_seconds=document["audio"]["durationSeconds"],
                    path=document["path"],
                    metadata=msgspec.convert(document.get("metadata", {}), Metadata),
                )
        return found

    def record(self, track_id: str) -> TrackRecord | None:
        """The whole record of a stored track; None if it went away.

        Raises
        ------
        ProgramError
            MongoDB does not answer.
        """
        documents = self._fetch([track_id], None)
        return msgspec.convert(documents[0], TrackRecord) if documents else None

    def _fetch(self, track_ids: Iterable[str], projection: dict[str, int] | None) -> list[Document]:
        keys = [track_key(self._catalogue, track_id) for track_id in track_ids]
        try:
            tracks: MongoCollection[Document] = database(self._client, self._settings)[Collection.TRACKS]
            return list(tracks.find({"_id": {"$in": keys}, "recipe": self._recipe}, projection))
        except PyMongoError as error:
            raise ProgramError(f"MongoDB at {self._settings.address} does not answer: {error}") from error
