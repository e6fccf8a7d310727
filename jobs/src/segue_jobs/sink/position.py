"""Where in Kafka a document comes from, and which of two records of one document is the newer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELD = "kafka"
"""Field of a stored document that holds its position."""


@dataclass(frozen=True, slots=True)
class Position:
    """One record on the broker."""

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
        """``<topic>:<partition>:<offset>:<timestamp>``: a topic made anew begins again at offset 0, but later."""
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
        """Position in a stored document; None where it has none that can be read: then any record is newer."""
        field = document.get(FIELD)
        if not isinstance(field, Mapping):
            return None
        try:
            return cls(str(field["topic"]), int(field["partition"]), int(field["offset"]), int(field["timestamp"]))
        except (KeyError, TypeError, ValueError):
            return None

    def is_newer_than(self, stored: Position | None) -> bool:
        """Whether this record replaces a document that came from ``stored``.

        Within one partition the offset decides, unless a lower offset carries a later time: then the topic was made
        anew and its offsets began again. Should a producer's clock have gone back instead, an old record may win for
        a moment in a replay, until the newer one behind it comes by; nothing is lost for good. Between partitions
        (their number was raised) and topics the time decides.
        """
        if stored is None:
            return True
        if (self.topic, self.partition) == (stored.topic, stored.partition):
            return self.offset > stored.offset or self.timestamp > stored.timestamp
        return self.timestamp > stored.timestamp
