"""What became of a batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from segue_core.contract import EventType
from segue_core.listeners.apply import Effect
from segue_jobs.sink.write import RecordOutcome

Records = Counter[tuple[str, RecordOutcome]]
"""Name of a topic on the broker and outcome -> records."""


@dataclass
class Written:
    """Counts of a batch's records, events and profiles."""

    records: Records = field(default_factory=Counter)
    events: Counter[tuple[EventType, Effect]] = field(default_factory=Counter)
    profiles: int = 0

    def add(self, other: Written) -> None:
        """Count another part of the batch."""
        self.records += other.records
        self.events += other.events
        self.profiles += other.profiles
