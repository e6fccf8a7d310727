"""Finds the files that metadata rows mean. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.metadata import Row
from segue_jobs.listing.songs import Song, composed
from segue_jobs.listing.track_ids import JoinBy, id_of_file, number_of, path_of_cell


class FileIndex:
    """Songs by what rows call them; of several with one name, readable ones come first."""

    def __init__(self, songs: Sequence[Song], join_by: JoinBy) -> None:
        self._join_by = join_by
        self._songs = {file.path: song for song in songs for file in song.files}
        self._by_key: dict[str, AudioFile] = {}
        self._by_name: defaultdict[str, list[AudioFile]] = defaultdict(list)
        self._by_number: defaultdict[str, list[AudioFile]] = defaultdict(list)
        for song in sorted(songs, key=lambda song: song.problem is not None):
            if join_by is JoinBy.PATH:
                for file in song.files:
                    self._add(file)
            else:
                self._add(song.best)

    def _add(self, file: AudioFile) -> None:
        if file.path.endswith("/"):
            return
        key = self.key(file.path)
        self._by_key.setdefault(key, file)
        self._by_name[composed(PurePosixPath(file.path).name)].append(file)
        if self._join_by is JoinBy.STEM and (number := number_of(key)) is not None:
            self._by_number[number].append(file)

    def key(self, path: str) -> str:
        """What a row must contain to refer to this file; for a file without a usable name, its path."""
        if self._join_by is JoinBy.PATH:
            return composed(path)
        return id_of_file(path, self._join_by) or path

    def named(self, row: Row) -> AudioFile | None:
        """The file that a row names exactly, or as the only one of that name, whatever its folder."""
        if row.path is None:
            return self._by_key.get(row.track_id)
        for path in (row.path, path_of_cell(row.path.strip())):
            alike = self._by_name.get(path, []) if "/" not in path else []
            if found := self._by_key.get(path) or (alike[0] if len(alike) == 1 else None):
                return found
        return None

    def numbered(self, row: Row, taken: Iterable[str]) -> AudioFile | None:
        """The first file that is not taken and is the same number as a row's id, as ``007.mp3`` is 7."""
        number = number_of(row.track_id) if row.path is None else None
        return next((file for file in self._by_number.get(number or "", []) if file.path not in taken), None)

    def others(self, file: AudioFile) -> list[AudioFile]:
        """The other files of a file's song, best first."""
        return [other for other in self._songs[file.path].files if other is not file]
