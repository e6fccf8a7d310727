"""Records that were read but not yet stored: the content of one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from kafka import TopicPartition

from segue_jobs.sink.write import Write


@dataclass
class Batch:
    """Writes by partition, in record order."""

    _writes: dict[TopicPartition, list[Write]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self._writes.values()))

    def add(self, partition: TopicPartition, writes: Sequence[Write]) -> None:
        """Append a partition's next writes."""
        self._writes.setdefault(partition, []).extend(writes)

    def drop(self, partitions: Collection[TopicPartition]) -> None:
        """Forget partitions that another sink reads now, or that will be read again from their committed offset."""
        for partition in partitions:
            self._writes.pop(partition, None)

    def writes(self) -> list[Write]:
        """All writes; those of a partition are in order."""
        return [write for writes in self._writes.values() for write in writes]

    def first_offsets(self) -> dict[TopicPartition, int]:
        """Offset of each partition's first record."""
        return {partition: writes[0].position.offset for partition, writes in self._writes.items() if writes}

    def next_offsets(self) -> dict[TopicPartition, int]:
        """Offset after each partition's last record: the offset to commit once the batch is stored."""
        return {partition: writes[-1].position.offset + 1 for partition, writes in self._writes.items() if writes}
