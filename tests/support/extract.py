"""The extract program as a process of its own, and what it left on the topics."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, TopicPartition

from segue_core.contract import Env, ExtractArguments, ExtractSummary, Topic
from segue_core.settings import KafkaSettings
from segue_core.store.records import RejectedRecord, TrackRecord


class ExtractProcess:
    """One run of ``python -m segue_jobs.extract``."""

    def __init__(
        self,
        folder: Path,
        arguments: ExtractArguments,
        kafka: KafkaSettings,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = folder / "extract.log"
        self._termination_log = folder / "termination.json"
        own = {
            Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
            Env.TOPIC_PREFIX: kafka.topic_prefix,
            Env.TOPIC_CREATE: "true",
            Env.TOPIC_PARTITIONS: str(kafka.partitions),
            Env.METRICS_PORT: "0",
            Env.TERMINATION_LOG: str(self._termination_log),
            Env.WORKERS: "1",
        }
        command = [sys.executable, *arguments.command()[1:], *arguments.to_argv()]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env={**os.environ, **own, **(environment or {})}, stdout=output, stderr=output
            )

    def wait(self, timeout: float = 120.0) -> tuple[int, ExtractSummary | None]:
        """Exit code and termination summary."""
        code = self.process.wait(timeout)
        text = self._termination_log.read_text() if self._termination_log.exists() else None
        return code, ExtractSummary.decode(text)


class Produced:
    """Everything on the topics of one prefix."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.keys: list[str] = []
        self.tracks: dict[str, TrackRecord] = {}
        self.rejected: dict[str, RejectedRecord] = {}
        self.partitions: dict[str, set[int]] = {}
        names = {kafka.topic(Topic.TRACKS): TrackRecord, kafka.topic(Topic.REJECTED): RejectedRecord}
        consumer = KafkaConsumer(**kafka.client_options(), enable_auto_commit=False, auto_offset_reset="earliest")
        partitions = [
            TopicPartition(name, number) for name in names for number in consumer.partitions_for_topic(name) or ()
        ]
        if not partitions:  # nothing was produced yet
            consumer.close()
            return
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for messages in consumer.poll(timeout_ms=500).values():
                for message in messages:
                    self._add(
                        message.key.decode(),
                        message.partition,
                        msgspec.json.decode(message.value, type=names[message.topic]),
                    )
        consumer.close()

    def _add(self, key: str, partition: int, record: TrackRecord | RejectedRecord) -> None:
        self.keys.append(key)
        self.partitions.setdefault(key, set()).add(partition)
        if isinstance(record, TrackRecord):
            self.tracks[record.track_id] = record
        else:
            self.rejected[record.track_id] = record

    @property
    def reasons(self) -> dict[str, str]:
        """Rejected id -> reason."""
        return {track_id: str(record.reason) for track_id, record in self.rejected.items()}
