"""Asks the broker how this sink stands in its group, over a connection of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from segue_core.broker.consumer_group import ConsumerGroup, describe
from segue_core.broker.kafka_client import NO_ANSWER
from segue_core.deadline import within
from segue_jobs.sink.membership import Standing

ANSWER_OPTIONS: Mapping[str, Any] = {"request_timeout_ms": 5_000, "bootstrap_timeout_ms": 20_000}
"""Options of the client that asks: it must not wait long for an answer."""
_LOOK_SECONDS = 20.0

Offsets = Mapping[TopicPartition, int]


def look(
    admin: KafkaAdminClient, group_name: str, consumer: KafkaConsumer, held: frozenset[TopicPartition], poll_error: str
) -> Standing:
    """How a consumer that holds these partitions stands; in bounded time, whatever the broker does.

    Parameters
    ----------
    admin
        One client for all looks: each new one that finds no broker would leave a thread behind.
    """
    member_id = consumer.group_metadata().member_id
    positions = {partition: _position(consumer, partition) for partition in held}
    try:
        group, starts, ends = within(_LOOK_SECONDS, lambda: _ask(admin, group_name, held))
    except NO_ANSWER:
        return Standing(member_id, held, None, poll_error=poll_error)
    behind = {at: ends[at] - max(starts[at], positions[at]) for at in held}
    return Standing(member_id, held, group, {at: records for at, records in behind.items() if records > 0}, poll_error)


def _ask(
    admin: KafkaAdminClient, group_name: str, held: frozenset[TopicPartition]
) -> tuple[ConsumerGroup, Offsets, Offsets]:
    """The group, and the first and the next offset of each partition."""
    group = describe(admin, group_name)
    return group, _offsets(admin, held, OffsetSpec.EARLIEST), _offsets(admin, held, OffsetSpec.LATEST)


def _offsets(admin: KafkaAdminClient, partitions: frozenset[TopicPartition], spec: OffsetSpec) -> Offsets:
    if not partitions:
        return {}
    found = admin.list_partition_offsets(dict.fromkeys(partitions, spec))
    return {partition: found[partition].offset for partition in partitions}


def _position(consumer: KafkaConsumer, partition: TopicPartition) -> int:
    """Offset of the next record; 0 while the consumer has none, so that all the partition's records count."""
    try:
        return consumer.position(partition, timeout_ms=0) or 0
    except KafkaError:
        return 0
