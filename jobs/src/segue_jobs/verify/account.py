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
    recipe: str = ""


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
    OUTDATED = "outdated"
    """Stored by an earlier batch under a recipe that is not this one's: its new record was lost."""
    REJECTED = "rejected"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """What a batch should have done."""

    batch_uid: str
    recipes: frozenset[str] = frozenset()
    """By which it extracted; empty where that is unknown: then every stored track counts."""
    began: int | None = None
    """Milliseconds since the epoch: what another batch stored since then may well be of another recipe."""

    def is_met_by(self, stored: Stored) -> bool:
        """Whether a track that another batch stored was rightly left as it is."""
        later = self.began is not None and stored.time >= self.began
        return not self.recipes or stored.recipe in self.recipes or later


def fate(stored: Stored | None, rejection: Rejection | None, expected: Expectation) -> Fate:
    """The newer of the two says what became of a track; at the same time, the stored one."""
    if rejection is not None and (stored is None or rejection.time > stored.time):
        return Fate.REJECTED
    if stored is None:
        return Fate.ABSENT
    if stored.batch_uid == expected.batch_uid:
        return Fate.EXTRACTED
    return Fate.SKIPPED if expected.is_met_by(stored) else Fate.OUTDATED


@dataclass
class Account:
    """The sums over a batch's tracks."""

    expected: Expectation
    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    absent: list[ListedTrack] = field(default_factory=list)
    outdated: list[ListedTrack] = field(default_factory=list)
    first_record: int | None = None
    """Time of the batch's earliest record, milliseconds since the epoch."""

    def add(
        self, tracks: Iterable[ListedTrack], stored: Mapping[str, Stored], rejections: Mapping[str, Rejection]
    ) -> None:
        """Account for some of the tracks; both mappings go by track id."""
        for track in tracks:
            found, rejection = stored.get(track.track_id), rejections.get(track.track_id)
            what = fate(found, rejection, self.expected)
            self.fates[what] += 1
            if what is Fate.REJECTED and rejection is not None:
                self.reasons[rejection.reason] += 1
            if what is Fate.ABSENT:
                self.absent.append(track)
            if what is Fate.OUTDATED:
                self.outdated.append(track)
            if found is not None and found.batch_uid == self.expected.batch_uid:
                self._note(found.time)
            if rejection is not None:
                self._note(rejection.time)

    def _note(self, time: int) -> None:
        self.first_record = time if self.first_record is None else min(self.first_record, time)


def advice(missing: Iterable[str], count: int, listed: int, *, outdated: int = 0) -> str:
    """What to tell of missing tracks: the first of them, and the way out.

    Parameters
    ----------
    missing, count, listed
        The first ids, how many are missing, and how many tracks the batch has.
    outdated
        How many of the missing are stored, but under an earlier recipe.
    """
    names = ", ".join(missing)
    older = f" ({outdated} of them only under an earlier recipe)" if outdated else ""
    return (
        f"{count} of {listed} tracks are neither stored nor rejected{older}, the first: {names}. Their records were "
        "lost, or were never produced: delete the TrackBatch and apply it again; what is stored is not extracted anew"
    )
