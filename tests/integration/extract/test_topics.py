"""Topics without KafkaTopic resources: each is created once, by whichever program is first."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from kafka import KafkaAdminClient

from segue_core.broker.topics import ensure_topics
from segue_core.contract import Topic
from segue_core.errors import ProgramError
from segue_core.settings import KafkaSettings


def partitions(settings: KafkaSettings) -> dict[str, int]:
    admin = KafkaAdminClient(**settings.client_options())
    try:
        described = admin.describe_topics([settings.topic(topic) for topic in Topic])
    finally:
        admin.close()
    return {topic["name"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}


def test_programs_that_start_together_make_every_topic_once(kafka_settings: KafkaSettings) -> None:
    with ThreadPoolExecutor(4) as programs:
        list(programs.map(ensure_topics, [kafka_settings] * 4))
    assert partitions(kafka_settings) == {kafka_settings.topic(topic): kafka_settings.partitions for topic in Topic}


def test_a_topic_that_the_broker_refuses_is_named(kafka_settings: KafkaSettings) -> None:
    unusable = dataclasses.replace(kafka_settings, topic_prefix="no blanks")
    with pytest.raises(
        ProgramError, match=r"cannot create topics with the prefix 'no blanks'.*no blanks\.\S+: .*invalid"
    ):
        ensure_topics(unusable)
