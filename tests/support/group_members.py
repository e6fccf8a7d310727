"""Members of the sink's group inside the test's own process: many can start at once, each in a group of its own."""

from __future__ import annotations

import dataclasses
import threading
import time

from kafka import KafkaProducer, TopicPartition

from segue_core.contract import SinkFeed
from segue_core.errors import ProgramError
from segue_core.settings import KafkaSettings
from segue_jobs.sink.batch import Batch
from segue_jobs.sink.membership import Fault
from segue_jobs.sink.reader import Reader

Marks = dict[TopicPartition, int]


class OtherGroup(KafkaSettings):
    """The same topics, read by another group."""

    def group_of(self, feed: SinkFeed) -> str:
        return f"{super().group_of(feed)}.{id(self)}"

    @classmethod
    def of(cls, settings: KafkaSettings) -> OtherGroup:
        return cls(**{field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)})


def mark(settings: KafkaSettings) -> Marks:
    """Send one record, malformed but readable, to every partition that sinks read; return its offsets."""
    producer = KafkaProducer(**settings.client_options(), acks="all")
    numbers = range(settings.partitions)
    partitions = [
        TopicPartition(settings.topic(topic), number) for topic in SinkFeed.TRACKS.topics for number in numbers
    ]
    try:
        sent = {at: producer.send(at.topic, value=b"a mark", partition=at.partition) for at in partitions}
        return {at: future.get(60).offset for at, future in sent.items()}
    finally:
        producer.close()


class Member:
    """A reader in a thread of its own, which reads until it is told to stop and commits what it has read."""

    def __init__(self, settings: KafkaSettings, read: Marks | None = None) -> None:
        self.read: Marks = {} if read is None else read
        """Last offset that was read of each partition; members of one group may share it."""
        self.replaced: list[Fault] = []
        self._settings = settings
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def has_read(self, marks: Marks) -> bool:
        return all(self.read.get(at, -1) >= offset for at, offset in marks.items())

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "a reader hangs"

    def _run(self) -> None:
        reader = self._join()
        while reader and not self._stopping.is_set():
            batch = Batch()
            reader.read(batch, records=500, seconds=0.5)
            for write in batch.writes():
                at = TopicPartition(write.position.topic, write.position.partition)
                self.read[at] = max(write.position.offset, self.read.get(at, -1))
            reader.commit(batch)
        if reader:
            reader.close()

    def _join(self) -> Reader | None:
        """A program that finds no broker ends, and its pod is started again."""
        while not self._stopping.is_set():
            try:
                return Reader(self._settings, on_replaced=self.replaced.append)
            except ProgramError:
                time.sleep(0.5)
        return None


def settle(members: list[Member], marks: Marks, seconds: float) -> list[Member]:
    """Wait until each member has read the marks; return those that have not in time."""
    deadline = time.monotonic() + seconds

    def waiting() -> list[Member]:
        return [member for member in members if not member.has_read(marks)]

    while (late := waiting()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return late
