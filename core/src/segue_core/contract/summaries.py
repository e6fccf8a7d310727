"""The summaries that programs leave for the operator."""

from __future__ import annotations

from dataclasses import dataclass, field

from segue_core.contract.termination import Summary


@dataclass(frozen=True, kw_only=True)
class ExtractSummary(Summary):
    """What became of a shard's tracks."""

    shard: int = 0
    recipe: str = ""
    """The recipe that it extracted with; tracks stored with it were skipped."""
    listed: int = 0
    extracted: int = 0
    skipped: int = 0
    """Stored already: same audio, same recipe."""
    stored: int = 0
    """In the database when the shard ended; the sink may have had a few of its tracks still to store."""
    rejected: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    alternatives: int = 0
    """Files that were not taken, because another file of the same track was: neither listed nor rejected."""
    interrupted: bool = False
    """SIGTERM ended the shard early: it must be retried."""


@dataclass(frozen=True, kw_only=True)
class VerifySummary(Summary):
    """What became of a batch's tracks, according to MongoDB."""

    listed: int = 0
    stored: int = 0
    extracted: int = 0
    skipped: int = 0
    rejected: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    ignored_rows: int = 0
    """Metadata rows without audio, if the batch ignores them."""
    alternatives: int = 0
    """Files that were not taken, because another file of the same track was: neither listed nor rejected."""
    passed_over: dict[str, int] = field(default_factory=dict)
    """Entries of the audio folder that are nobody's music, by kind."""
    links_passed_over: list[str] = field(default_factory=list)
    """The first links among them."""
    arrived_later: int = 0
    """Files added or changed after the batch was listed: they do not belong to it."""
    missing: int = 0
    """Listed tracks that are neither stored nor rejected."""
    first_missing: list[str] = field(default_factory=list)
    added: int = 0
    """Tracks that the source did not have before, or has again."""
    removed: int = 0
    """Tracks that the source had, and whose files are gone or broken; ``listed`` has only the broken ones."""
    moved: int = 0
    """Stored tracks whose files have another path now."""
    changed: int = 0
    """Stored tracks whose audio is the same recording in other bytes."""
    too_many_missing: bool = False
    """More tracks are gone or broken than the batch allows: nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class TrainSummary(Summary):
    """What a training run published."""

    tracks: int = 0
    excluded: int = 0
    excluded_by_reason: dict[str, int] = field(default_factory=dict)
    model: str | None = None
    """Version of the published model, ``<catalogue>:<number>``."""
    k: int = 0
    metrics: dict[str, str] = field(default_factory=dict)
    promoted: bool = False
    decision: str = ""
    """Why the model was or was not promoted."""
    decay: str = ""
    """How the version that stays active has become worse since it was trained; empty if it has not."""
