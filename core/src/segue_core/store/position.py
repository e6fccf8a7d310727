"""Where in Kafka a document comes from, and which of two records of a document is newer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELD = "kafka"
"""Field of a stored document that contains its position."""


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a record on the broker."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since the epoch, as the producer or the broker set it."""

    @property
    def name(self) -> str:
        """``<topic>:<partition>:<offset>``."""
        return f"{self.topic}:{self.partition}:{self.offset}"

    @property
    def identifier(self) -> str:
        """``<topic>:<partition>:<offset>:<timestamp>``: a recreated topic reuses offsets, but at a later time."""
        return f"{self.name}:{self.timestamp}"

    def to_document(self) -> dict[str, Any]:
        """The field's value in a stored document."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "timestamp": self.timestamp,
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Position | None:
        """Position in a stored document; None if it has no readable position: then any record is newer."""
        field = document.get(FIELD)
        if not isinstance(field, Mapping):
            return None
        try:
            return cls(str(field["topic"]), int(field["partition"]), int(field["offset"]), int(field["timestamp"]))
        except (KeyError, TypeError, ValueError):
            return None

    def is_newer_than(self, stored: Position | None) -> bool:
        """Whether this record replaces a document that came from ``stored``.

        Within a partition the offset decides, unless a lower offset has a later time: then the topic was recreated and
        its offsets started over. If a producer's clock went backwards instead, an old record may win for a moment in a
        replay, until the newer record after it is read; nothing is lost permanently. Between partitions (after their
        number was raised) and between topics, the time decides.
        """
        if stored is None:
            return True
        if (self.topic, self.partition) == (stored.topic, stored.partition):
            return self.offset > stored.offset or self.timestamp > stored.timestamp
        return self.timestamp > stored.timestamp
