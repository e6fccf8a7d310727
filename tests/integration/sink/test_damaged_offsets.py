"""Offsets of the sink's group that cannot be right: the sink reads what there is, and verification waits for it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Collection, Document, database
from segue_jobs.verify.sink_progress import wait_for_sink
from support.sink import Group, SinkProcess, drain
from support.tracks import produce, track_record

pytestmark = pytest.mark.slow


def beyond_the_end(group: Group) -> None:
    """As after the topic was made anew, or restored from an older copy than the offsets."""
    group.commit({partition: end + 1000 for partition, end in group.ends().items()})


def before_the_start(group: Group) -> None:
    """As after retention has deleted what the group had not read."""
    group.delete_records()
    group.commit(dict.fromkeys(group.ends(), 0))


@pytest.mark.parametrize("damage", [beyond_the_end, before_the_start])
def test_offsets_outside_the_topic_lose_no_new_record(
    kafka_settings: KafkaSettings,
    mongo_settings: MongoSettings,
    mongo_client: MongoClient[Document],
    tmp_path: Path,
    damage: Callable[[Group], None],
) -> None:
    ensure_topics(kafka_settings)
    produce(kafka_settings, Topic.TRACKS, [track_record(number) for number in range(20)])
    drain(kafka_settings, mongo_settings, tmp_path)
    with Group(kafka_settings) as group:
        damage(group)
    produce(kafka_settings, Topic.TRACKS, [track_record(number) for number in range(20, 30)])
    with ThreadPoolExecutor(1) as pool:
        verifying = pool.submit(wait_for_sink, kafka_settings, 60.0, threading.Event())
        with SinkProcess(kafka_settings, mongo_settings, tmp_path) as sink:
            verifying.result(120)
            stored = database(mongo_client, mongo_settings)[Collection.TRACKS].count_documents({})
            assert sink.stop() == 0
    assert stored == 30
