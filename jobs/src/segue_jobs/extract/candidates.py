"""Which file of a track is taken: the first that can be decoded. No I/O."""

from __future__ import annotations

import dataclasses

from segue_core.contract.wording import shorten
from segue_core.store.records import Alternative
from segue_jobs.listing.listed_tracks import ListedTrack, Problem
from segue_jobs.listing.songs import join_problems
from segue_jobs.listing.track_ids import printable

_MAXIMUM_MESSAGE = 300


class Candidates:
    """The files of one track: those that failed, and the one to try."""

    def __init__(self, track: ListedTrack) -> None:
        self.listed = track
        self._failed: list[tuple[str, Problem]] = []

    @property
    def path(self) -> str:
        """The file to try, or the one that was taken."""
        return self.listed.candidates[len(self._failed)]

    @property
    def track(self) -> ListedTrack:
        """The track with the file that was taken."""
        others = tuple(path for path in self.listed.candidates if path != self.path)
        return dataclasses.replace(self.listed, path=self.path, alternatives=others)

    def fail(self, problem: Problem) -> Problem | None:
        """Turn to the next file; if there is none, the problem of the track, which names each file's."""
        self._failed.append((self.listed.candidates[len(self._failed)], problem))
        left = len(self.listed.candidates) - len(self._failed)
        return None if left else join_problems(self._failed)

    def alternatives(self) -> tuple[Alternative, ...]:
        """The files that were not taken, and why."""
        taken = printable(self.path.rpartition("/")[2])
        failed = dict(self._failed)
        return tuple(
            Alternative(path=printable(path), message=shorten(_why(failed.get(path), taken), _MAXIMUM_MESSAGE))
            for path in self.track.alternatives
        )


def _why(problem: Problem | None, taken: str) -> str:
    if problem is None:
        return f"{taken} is the better file of this track"
    return printable(f"{problem.reason}: {problem.message}; {taken} is taken instead")
