"""A batch's account: what became of each listed track. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from segue_jobs.listing.model import ListedTrack


@dataclass(frozen=True, slots=True)
class Stored:
    """What MongoDB says of a stored track."""

    batch_uid: str
    time: int
    """Of its record, milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """The newest rejection of a track in this batch."""

    reason: str
    time: int
    """Of its record, milliseconds since the epoch."""


class Fate(StrEnum):
    """What became of a track in a batch."""

    EXTRACTED = "extracted"
    SKIPPED = "skipped"
    """Stored by another batch."""
    REJECTED = "rejected"
    ABSENT = "absent"


def fate(stored: Stored | None, rejection: Rejection | None, batch_uid: str) -> Fate:
    """The newer of the two says what became of a track; at the same time, the stored one."""
    if rejection is not None and (stored is None or rejection.time > stored.time):
        return Fate.REJECTED
    if stored is None:
        return Fate.ABSENT
    return Fate.EXTRACTED if stored.batch_uid == batch_uid else Fate.SKIPPED


@dataclass
class Account:
    """The sums over a batch's tracks."""

    batch_uid: str
    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    absent: list[ListedTrack] = field(default_factory=list)
    first_record: int | None = None
    """Time of the batch's earliest record, milliseconds since the epoch."""

    def add(
        self, tracks: Iterable[ListedTrack], stored: Mapping[str, Stored], rejections: Mapping[str, Rejection]
    ) -> None:
        """Account for some of the tracks; both mappings go by track id."""
        for track in tracks:
            found, rejection = stored.get(track.track_id), rejections.get(track.track_id)
            what = fate(found, rejection, self.batch_uid)
            self.fates[what] += 1
            if what is Fate.REJECTED and rejection is not None:
                self.reasons[rejection.reason] += 1
            if what is Fate.ABSENT:
                self.absent.append(track)
            if found is not None and found.batch_uid == self.batch_uid:
                self._note(found.time)
            if rejection is not None:
                self._note(rejection.time)

    def _note(self, time: int) -> None:
        self.first_record = time if self.first_record is None else min(self.first_record, time)


def advice(missing: Iterable[str], count: int, listed: int) -> str:
    """What to tell of missing tracks: the first of them, and the way out."""
    names = ", ".join(missing)
    return (
        f"{count} of {listed} tracks are neither stored nor rejected, the first: {names}. Their records were lost, or "
        "were never produced: delete the TrackBatch and apply it again; what is stored is not extracted anew"
    )
