"""Files of one song: ``song.flac`` and ``song.mp3`` in one folder are one track. No I/O."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.formats import FILMS, LOSSLESS
from segue_jobs.listing.listed_tracks import Problem
from segue_jobs.listing.track_ids import extension_of, printable, without_extension


@dataclass(frozen=True)
class Song:
    """The files of one song, best first."""

    files: tuple[AudioFile, ...]

    @property
    def best(self) -> AudioFile:
        """The file to try first."""
        return self.files[0]

    @property
    def problem(self) -> Problem | None:
        """Why no file can be read; None if one can."""
        return join_problems([(file.path, file.problem) for file in self.files])


def songs_of(files: Iterable[AudioFile]) -> list[Song]:
    """Files grouped by folder and name without the extension, in the order of their first files."""
    groups: defaultdict[str, list[AudioFile]] = defaultdict(list)
    for file in files:
        groups[composed(without_extension(file.path))].append(file)
    return [Song(tuple(sorted(group, key=_rank))) for group in groups.values()]


def composed(path: str) -> str:
    """A path with composed accents: macOS decomposes them."""
    return unicodedata.normalize("NFC", path)


def join_problems(problems: Sequence[tuple[str, Problem | None]]) -> Problem | None:
    """One problem that names each file's, by path; None if one of the files has none. The first gives the reason."""
    found = [(path, problem) for path, problem in problems if problem is not None]
    if not found or len(found) < len(problems):
        return None
    first = found[0][1]
    if len(found) == 1:
        return first
    each = "; ".join(f"{printable(path.rpartition('/')[2])}: {problem.message}" for path, problem in found)
    return Problem(first.stage, first.reason, f"none of {len(found)} files of this track can be used. {each}")


def _rank(file: AudioFile) -> tuple[bool, bool, int, int, str]:
    """Readable before unreadable, lossless before lossy, music before films, larger before smaller, then by name."""
    extension = extension_of(file.path).lower()
    kind = 0 if extension in LOSSLESS else 2 if extension in FILMS else 1
    return file.problem is not None, file.size == 0, kind, -(file.size or 0), file.path
