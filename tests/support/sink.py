"""Sinks as real processes, and what one wants to know of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from pymongo.database import Database

from segue.servers.embedded import MongoServer
from segue_core.contract import Env, SinkArguments, SinkFeed, Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Collection, Document, connect, database
from support.waiting import wait_until

WRITTEN_BY_SINKS = (
    Collection.TRACKS, Collection.REJECTED, Collection.EVENTS, Collection.PROFILES, Collection.POSITIONS,
)  # fmt: skip


def environment(kafka: KafkaSettings, mongo: MongoSettings, directory: Path) -> dict[str, str]:
    """Environment of a program that uses these two servers."""
    directory.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
        Env.TOPIC_PREFIX: kafka.topic_prefix,
        Env.TOPIC_CREATE: "true",
        Env.TOPIC_PARTITIONS: str(kafka.partitions),
        Env.MONGODB_URI: mongo.uri,
        Env.DATABASE: mongo.database,
        Env.METRICS_PORT: "0",
        Env.TERMINATION_LOG: str(directory / "termination.json"),
        Env.LOG_FORMAT: "text",
    }


class SinkProcess:
    """``python -m segue_jobs.sink`` in a process group of its own; killed at the end if it still runs."""

    def __init__(self, kafka: KafkaSettings, mongo: MongoSettings, directory: Path, **arguments: Any) -> None:
        self._environment = environment(kafka, mongo, directory)
        self._argv = SinkArguments(**arguments).to_argv()
        self.log = directory / "sink.log"

    def __enter__(self) -> Self:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", SinkArguments.MODULE, *self._argv],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def stop(self) -> int:
        """SIGTERM, then the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def text(self) -> str:
        """All it has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


class Group:
    """The consumer group of a feed's sinks, seen from outside."""

    def __init__(self, kafka: KafkaSettings, feed: SinkFeed = SinkFeed.TRACKS) -> None:
        self._kafka = kafka
        self._group = kafka.group_of(feed)
        self._admin = KafkaAdminClient(**kafka.client_options())
        self._partitions = [
            TopicPartition(kafka.topic(topic), partition)
            for topic in feed.topics
            for partition in range(kafka.partitions)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._admin.close()

    def committed(self) -> dict[TopicPartition, int]:
        """Committed offset of each partition; 0 where there is none."""
        try:
            found = self._admin.list_group_offsets({self._group: self._partitions})[self._group]
        except KafkaError as error:
            if not error.retriable:
                raise
            found = {}  # the broker has had no group yet
        return {
            partition: max(found[partition].offset, 0) if partition in found else 0 for partition in self._partitions
        }

    def ends(self) -> dict[TopicPartition, int]:
        """Offset behind the last record of each partition."""
        found = self._admin.list_partition_offsets(dict.fromkeys(self._partitions, OffsetSpec.LATEST))
        return {partition: found[partition].offset for partition in self._partitions}

    def lag(self) -> int:
        """Records not yet committed."""
        return sum(self.ends().values()) - sum(self.committed().values())

    def delete_topic(self, topic: Topic) -> None:
        """Delete a topic, which no sink reads now, and wait until the broker has forgotten it."""
        name = self._kafka.topic(topic)
        self._admin.delete_topics([name])
        wait_until(lambda: name not in self._admin.list_topics())

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit any offsets, even such as no sink would, for the group, which has no members now."""
        consumer = KafkaConsumer(group_id=self._group, enable_auto_commit=False, **self._kafka.client_options())
        try:
            consumer.assign(list(offsets))
            consumer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()})
        finally:
            consumer.close(autocommit=False)

    def delete_records(self) -> None:
        """Delete all records, as retention does."""
        self._admin.delete_records(self.ends())

    def reset(self) -> None:
        """Let the group, which has no members now, begin again at the first record."""
        results = self._admin.reset_group_offsets(self._group, dict.fromkeys(self._partitions, OffsetSpec.EARLIEST))
        assert {result["error"].errno for result in results.values()} == {0}, results


def drain(kafka: KafkaSettings, mongo: MongoSettings, directory: Path, feed: SinkFeed = SinkFeed.TRACKS) -> str:
    """Run a sink until nothing is left; return its log."""
    with Group(kafka, feed) as group, SinkProcess(kafka, mongo, directory, only=feed) as sink:
        wait_until(lambda: group.lag() == 0, why=sink.text)
        assert sink.stop() == 0
        return sink.text()


def stored_tracks(server: MongoServer) -> int:
    """Tracks in the default database of a server of the test's own; nothing may have been rejected."""
    settings = MongoSettings(uri=server.uri)
    with connect(settings) as client:
        target = database(client, settings)
        assert target[Collection.REJECTED].count_documents({}) == 0
        return target[Collection.TRACKS].count_documents({})


def snapshot(target: Database[Document]) -> dict[str, bytes]:
    """Every document that sinks write, byte by byte."""
    raw = target.with_options(codec_options=CodecOptions(document_class=RawBSONDocument))
    return {f"{name}/{document['_id']}": document.raw for name in WRITTEN_BY_SINKS for document in raw[name].find()}
