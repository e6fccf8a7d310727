"""Where the files of stored tracks are, so that they can be played, and found again by their paths."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from segue_core.store.database import Collection, Database, Document, find_by_ids, of_catalogue
from segue_core.store.records import track_key

_FIELDS = ("trackId", "path", "source", "file.path", "file.root")
_BATCH = 1000
_HOST_PATH, _CLAIM = "hostPath", "persistentVolumeClaim"
"""Kinds of volumes, with which a root's and a source's name begin."""


@dataclass(frozen=True, slots=True)
class LocatedFile:
    """The file of one track on this machine."""

    track_id: str
    path: str
    """Relative to the audio folder, as people read it."""
    location: bytes | None
    """Absolute path; None if it is not known."""


@dataclass(frozen=True, slots=True)
class TrackFile:
    """The file of one track, wherever its volume is."""

    track_id: str
    path: str
    """Relative to the audio folder, as people read it."""
    exact: bytes
    """The same, as the file system has it."""
    folder: str
    """The audio folder: ``hostPath/<path>`` or ``persistentVolumeClaim/<namespace>/<claim>/<path>``; may be empty."""

    @classmethod
    def of_document(cls, document: Document) -> TrackFile:
        """Read a document, whatever it lacks."""
        path, source = str(document.get("path") or ""), str(document.get("source") or "")
        file = document.get("file") or {}
        try:
            exact = base64.b64decode(file.get("path") or "", validate=True)
        except (TypeError, binascii.Error):
            exact = b""
        root = file.get("root") or {}
        folder = f"{root['volume']}/{root.get('folder', '.')}" if root.get("volume") else source
        return cls(str(document.get("trackId") or ""), path, exact or os.fsencode(path), folder)

    def located(self, claims: Mapping[str, str]) -> LocatedFile:
        """The file on this machine.

        Parameters
        ----------
        claims
            Folders of volume claims.
        """
        base = self._base(claims)
        location = os.path.normpath(os.path.join(os.fsencode(base), self.exact)) if base and self.exact else None  # noqa: PTH118
        return LocatedFile(self.track_id, self.path, location)

    def _base(self, claims: Mapping[str, str]) -> str | None:
        kind, _, rest = self.folder.partition("/")
        if kind == _HOST_PATH and rest:
            return f"/{rest}"
        if kind == _CLAIM and rest.count("/") >= 1:
            _namespace, claim, *folder = rest.split("/", 2)
            return "/".join([claims[claim], *folder]) if claim in claims else None
        return None


def read_files(target: Database, catalogue: str) -> Iterator[TrackFile]:
    """Files of all stored tracks, in any order; also those that were not taken, because a track had a better one."""
    fields = [*_FIELDS, "alternatives.path"]
    for document in target[Collection.TRACKS].find(of_catalogue(catalogue), fields, batch_size=_BATCH):
        taken = TrackFile.of_document(document)
        yield taken
        for other in document.get("alternatives") or ():
            path = str(other.get("path") or "")
            yield TrackFile(taken.track_id, path, os.fsencode(path), taken.folder)


def files_with_ids(target: Database, catalogue: str, track_ids: Iterable[str]) -> Iterator[TrackFile]:
    """Files of the stored tracks among these ids."""
    keys = (track_key(catalogue, track_id) for track_id in track_ids)
    yield from map(TrackFile.of_document, find_by_ids(target[Collection.TRACKS], keys, _FIELDS))
