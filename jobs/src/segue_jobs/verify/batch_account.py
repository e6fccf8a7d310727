"""A batch's account: what became of each listed track. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from segue_core.contract import Reason
from segue_core.features.recipes import covers
from segue_jobs.listing.listed_tracks import ListedTrack


@dataclass(frozen=True, slots=True)
class Stored:
    """What MongoDB says about a stored track."""

    batch_uid: str
    time: int
    """Timestamp of its record, milliseconds since the epoch."""
    recipe: str = ""
    is_own: bool = True
    """Whether the batch's source owns it."""


@dataclass(frozen=True, slots=True)
class NewestRejection:
    """The newest rejection of a track in this batch."""

    reason: str
    time: int
    """Timestamp of its record, milliseconds since the epoch."""
    stage: str = ""
    message: str = ""


class Fate(StrEnum):
    """What became of a track in a batch."""

    EXTRACTED = "extracted"
    SKIPPED = "skipped"
    """Stored by another batch."""
    OUTDATED = "outdated"
    """Stored by an earlier batch with another recipe: the new record was lost."""
    REJECTED = "rejected"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """What a batch should have done."""

    batch_uid: str
    recipes: frozenset[str] = frozenset()
    """The recipes that it extracted with; empty if unknown: then every stored track counts."""
    began: int | None = None
    """Start, milliseconds since the epoch: what other batches stored later may have another recipe."""

    def is_met_by(self, stored: Stored) -> bool:
        """Whether it was right not to extract a track that another batch had stored."""
        later = self.began is not None and stored.time >= self.began
        return not self.recipes or any(covers(stored.recipe, recipe) for recipe in self.recipes) or later


def fate(stored: Stored | None, rejection: NewestRejection | None, expected: Expectation) -> Fate:
    """What became of a track: the newer document decides; if both have the same time, the stored one.

    A track whose id was taken is rejected even if the other source's track was stored later.
    """
    if rejection is not None and rejection.reason == Reason.ID_TAKEN and not (stored and stored.is_own):
        return Fate.REJECTED
    if rejection is not None and (stored is None or rejection.time > stored.time):
        return Fate.REJECTED
    if stored is None:
        return Fate.ABSENT
    if stored.batch_uid == expected.batch_uid:
        return Fate.EXTRACTED
    return Fate.SKIPPED if expected.is_met_by(stored) else Fate.OUTDATED


@dataclass
class BatchAccount:
    """Totals over the tracks of a batch."""

    expected: Expectation
    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    absent: list[ListedTrack] = field(default_factory=list)
    outdated: list[ListedTrack] = field(default_factory=list)
    alternatives: int = 0
    """Files that were not taken, of the tracks that are stored."""
    first_record: int | None = None
    """Time of the batch's earliest record, milliseconds since the epoch."""

    def add(
        self, tracks: Iterable[ListedTrack], stored: Mapping[str, Stored], rejections: Mapping[str, NewestRejection]
    ) -> dict[str, Fate]:
        """Add some of the tracks; the keys of both mappings are the ids that the listing suggests."""
        fates: dict[str, Fate] = {}
        for track in tracks:
            found, rejection = stored.get(track.track_id), rejections.get(track.track_id)
            what = fates[track.track_id] = fate(found, rejection, self.expected)
            self.fates[what] += 1
            if what is Fate.REJECTED and rejection is not None:
                self.reasons[rejection.reason] += 1
            if what in (Fate.EXTRACTED, Fate.SKIPPED):
                self.alternatives += len(track.alternatives)
            if what is Fate.ABSENT:
                self.absent.append(track)
            if what is Fate.OUTDATED:
                self.outdated.append(track)
            if found is not None and found.batch_uid == self.expected.batch_uid:
                self._note(found.time)
            if rejection is not None:
                self._note(rejection.time)
        return fates

    def _note(self, time: int) -> None:
        self.first_record = time if self.first_record is None else min(self.first_record, time)


def advice(missing: Iterable[str], count: int, listed: int, *, outdated: int = 0) -> str:
    """The message about missing tracks: the first ids, and the way out.

    Parameters
    ----------
    missing, count, listed
        The first ids, how many are missing, and how many tracks the batch has.
    outdated
        How many of the missing tracks are stored, but with an earlier recipe.
    """
    names = ", ".join(missing)
    older = f" ({outdated} of them are stored only with an earlier recipe)" if outdated else ""
    return (
        f"{count} of {listed} tracks are neither stored nor rejected{older}; the first: {names}. Their records were "
        "lost or never sent: delete the TrackBatch and apply it again; stored tracks are not extracted again"
    )
