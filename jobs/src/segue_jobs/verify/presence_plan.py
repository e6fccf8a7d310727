"""What a batch's listing says about where the source's tracks are: what came, went, moved and changed. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from segue_core.contract import MissingPolicy
from segue_core.identity.catalogue import Source, source_of_batch
from segue_core.identity.stored_tracks import owner_of
from segue_core.store.presence import Presence, SourcePresence
from segue_core.store.tracks import TrackRow

_NAMED = 5


class Change(StrEnum):
    """What happened to a track in its source."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Found:
    """A stored track that the source lists."""

    row: TrackRow
    path: str
    problem: str | None = None
    """Why its file cannot be used any more."""
    is_rejected: bool = False
    """The batch rejected the file, perhaps for a reason that says nothing about its audio: then that is unknown."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one verification sees."""

    catalogue: str
    source: Source
    batch_uid: str
    now: str
    """RFC 3339, UTC."""
    policy: MissingPolicy
    maximum_percent: int
    found: Mapping[str, Found]
    """Id -> the stored track that is listed."""
    own: Mapping[str, TrackRow]
    """Id -> every stored track of the source."""
    unreadable_folders: tuple[str, ...] = ()
    """Folders that could not be listed, ending with ``/``: what was in them stays as it is."""

    def is_new(self, row: TrackRow) -> bool:
        """Whether this batch stored a track that was not stored before."""
        return row.batch_uid == self.batch_uid and not row.replaced

    def is_unknown(self, path: str) -> bool:
        """Whether the file may be there: its folder could not be listed."""
        return path.startswith(self.unreadable_folders)


@dataclass
class PresencePlan:
    """What to write, and what it amounts to."""

    had: int = 0
    """Tracks that were shown because of the source."""
    gone: list[str] = field(default_factory=list)
    """Those of them that no longer are."""
    written: list[Presence] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    """Tracks to delete after that."""
    changes: Counter[str] = field(default_factory=Counter)

    def exceeds(self, maximum_percent: int) -> bool:
        """Whether more is gone than may be: then write nothing."""
        return len(self.gone) * 100 > maximum_percent * self.had


def plan_presence(look: Look, known: Mapping[str, Presence]) -> PresencePlan:
    """Compare what is listed with what was known.

    Parameters
    ----------
    known
        Id -> document, for every track that the source has or had, and for those that are found.
    """
    plan = PresencePlan()
    for track_id in sorted({*look.found, *look.own, *known}):
        before = known.get(track_id)
        entry = _entry(before, look.source)
        after = _look_at(look, track_id, before, entry)
        if after is None:
            continue
        if _was_shown(look, track_id, before, entry):
            plan.had += 1
            if not after.shows:
                plan.gone.append(track_id)
        _note(plan, look, track_id, before, after)
    return plan


def _entry(presence: Presence | None, source: Source) -> SourcePresence | None:
    """The track in this source, or in the batch that knew no source yet."""
    if presence is None:
        return None
    return presence.source(source.name) or presence.source(source_of_batch(source.batch))


def _was_shown(look: Look, track_id: str, before: Presence | None, entry: SourcePresence | None) -> bool:
    if entry is not None:
        return entry.shows and not (before is not None and before.deleted)
    row = look.own.get(track_id)  # stored, but never verified since sources have names
    return row is not None and not look.is_new(row)


def _look_at(look: Look, track_id: str, before: Presence | None, entry: SourcePresence | None) -> SourcePresence | None:
    """The track in this source now; None if the source has nothing to say about it."""
    found, row = look.found.get(track_id), look.own.get(track_id)
    path = found.path if found else entry.path if entry else row.path if row else ""
    if found is None and ((entry is None and row is None) or look.is_unknown(path)):
        return None
    if found is not None and found.is_rejected and entry is None and row is None:
        return None  # another source's track, which this one never had
    keep = look.policy is MissingPolicy.KEEP
    present = found is not None
    problem = found.problem if found else None
    same_state = entry is not None and (entry.present, entry.problem is None) == (present, problem is None)
    after = SourcePresence(
        name=look.source.name, path=path, present=present, problem=problem, keep=keep,
        since=entry.since if entry is not None and same_state else look.now,
        changed_by=entry.changed_by if entry else "", change=entry.change if entry else "",
    )  # fmt: skip
    change = _change(look, found, before, entry, after)
    return after if change is None else msgspec.structs.replace(after, changed_by=look.batch_uid, change=change)


def _change(
    look: Look,
    found: Found | None,
    before: Presence | None,
    entry: SourcePresence | None,
    after: SourcePresence,
) -> Change | None:
    if found is None or entry is None or before is None:
        if not after.is_usable:
            return Change.REMOVED if entry is None or entry.is_usable else None
        return Change.ADDED if found is not None and _is_new(look, found, before) else None
    if after.is_usable != entry.is_usable:
        return Change.ADDED if after.is_usable else Change.REMOVED
    if entry.path != after.path:
        return Change.MOVED
    return Change.CHANGED if before.audio_sha256 != found.row.audio_sha256 else None


def _is_new(look: Look, found: Found, before: Presence | None) -> bool:
    """Whether a track without an entry came with this batch, or from another source."""
    return look.is_new(found.row) or before is not None or not look.source.owns(owner_of(found.row))


def _note(plan: PresencePlan, look: Look, track_id: str, before: Presence | None, after: SourcePresence) -> None:
    if after.changed_by == look.batch_uid and after.change:
        plan.changes[after.change] += 1
    presence = _presence(look, track_id, before, after)
    if presence.deleted and track_id in look.own:
        plan.deleted.append(track_id)
    if presence != before:
        plan.written.append(presence)


def _presence(look: Look, track_id: str, before: Presence | None, after: SourcePresence) -> Presence:
    row = look.found[track_id].row if track_id in look.found else look.own.get(track_id)
    others = _others(look, before, row)
    entries = (*(other for other in others if not look.source.owns(other.name)), after)
    is_gone = not any(entry.present for entry in entries)
    is_shown = any(entry.shows for entry in entries)
    was_deleted = before is not None and before.deleted
    deletes = look.policy is MissingPolicy.DELETE and track_id in look.own and not is_shown
    deleted = is_gone and (was_deleted or deletes)
    return Presence(
        catalogue=look.catalogue,
        track_id=track_id,
        audio_sha256=row.audio_sha256 if row else before.audio_sha256 if before else "",
        sources=entries,
        deleted=deleted,
        hidden=deleted or not is_shown,
        revision=before.revision if before else 0,
    )


def _others(look: Look, before: Presence | None, row: TrackRow | None) -> Iterator[SourcePresence]:
    if before is not None:
        yield from before.sources
    elif row is not None and not look.source.owns(owner_of(row)):
        yield SourcePresence(name=owner_of(row), path=row.path, present=True, since=look.now)


def too_many_missing(plan: PresencePlan, look: Look) -> str:
    """Why a batch fails whose source has shrunk too much, and the way out."""
    names = ", ".join(plan.gone[:_NAMED])
    return (
        f"{len(plan.gone)} of the {plan.had} tracks that source {look.source.name!r} had are gone or broken, more than "
        f"the {look.maximum_percent} % of spec.source.maxMissingPercent; the first: {names}. Nothing was changed: "
        "mount the folder again, or raise the number if they are really gone"
    )
