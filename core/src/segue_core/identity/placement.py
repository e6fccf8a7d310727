"""Which of a source's tracks each file with the same audio is. No I/O.

Every shard of a batch comes to the same answer, although it analyses its own files alone: a file that has moved to two
places keeps its id in one of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from segue_core.identity.catalogue import Catalogue, StoredTrack


class Placement:
    """Files and tracks with one audio.

    A file where a track with this audio is, or was, is that track. Of the others, a file whose suggested id is that of
    a track without a file is that one; the rest get what is left, in the order of their paths.

    Parameters
    ----------
    catalogue
        What is stored.
    audio_sha256
        The audio.
    ids
        Path -> suggested id, of all files that the source lists.
    holders
        Paths that are known to have the audio, in the same order in each shard.
    """

    def __init__(self, catalogue: Catalogue, audio_sha256: str, ids: Mapping[str, str], holders: Sequence[str]) -> None:
        self._catalogue = catalogue
        self._audio_sha256 = audio_sha256
        self._ids = ids
        self._holders = frozenset(holders)
        self._tracks: dict[str, StoredTrack] = {}
        self._paths: dict[str, str] = {}
        self._left = deque(catalogue.with_audio(audio_sha256))
        self.known = len(self._left)
        """Number of tracks that it places."""
        for path in holders:
            self._place(path, self._at(path))
        for path in holders:
            self._place(path, self._suggested(path, ids[path]))
        for path in holders:
            self._place(path, self._next())

    def of(self, path: str, listed_id: str) -> StoredTrack | None:
        """The track that a file with this audio is; None if it is none of those that are stored."""
        if path not in self._holders:
            self._place(path, self._at(path) or self._suggested(path, listed_id) or self._next())
        return self._tracks.get(path)

    def path_of(self, track: StoredTrack) -> str | None:
        """The file that is a track."""
        return self._paths.get(track.track_id)

    def _place(self, path: str, track: StoredTrack | None) -> None:
        if track is not None and path not in self._tracks:
            self._tracks[path] = track
            self._paths[track.track_id] = path

    def _at(self, path: str) -> StoredTrack | None:
        """The track that was at a path last."""
        here = [
            track
            for track in self._catalogue.all_at(path)
            if track.audio_sha256 == self._audio_sha256 and track.track_id not in self._paths
        ]
        return max(here, key=lambda track: (track is self._catalogue.at(path), track.time), default=None)

    def _suggested(self, path: str, listed_id: str) -> StoredTrack | None:
        track = self._catalogue.by_id.get(listed_id)
        if path in self._tracks or track is None or track.audio_sha256 != self._audio_sha256:
            return None
        return track if self._catalogue.source.owns(track.source) and self._is_vacant(track, listed_id) else None

    def _next(self) -> StoredTrack | None:
        while self._left:
            if self._is_vacant(self._left[0]):
                return self._left[0]
            self._left.popleft()
        return None

    def _is_vacant(self, track: StoredTrack, listed_id: str | None = None) -> bool:
        """Whether no file is the track, and its own is gone, or has other audio, or is listed under the same id."""
        if track.track_id in self._paths:
            return False
        return track.deleted or track.path not in self._holders or self._ids.get(track.path) == listed_id
