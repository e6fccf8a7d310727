"""A consumer group as the broker sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kafka import KafkaAdminClient, TopicPartition


class GroupState(StrEnum):
    """The states of a group that Segue distinguishes, as Kafka names them."""

    STABLE = "Stable"
    PREPARING_REBALANCE = "PreparingRebalance"
    """The broker is waiting for all members to join."""
    COMPLETING_REBALANCE = "CompletingRebalance"
    """The broker is waiting for the leader to assign the partitions."""
    EMPTY = "Empty"
    DEAD = "Dead"


@dataclass(frozen=True)
class ConsumerGroup:
    """A group at one moment."""

    state: str
    """A `GroupState`, or a state that only newer brokers have."""
    partitions: Mapping[str, frozenset[TopicPartition]] = field(default_factory=dict)
    """Member id -> partitions assigned to it; empty during a rebalance."""
    members: Mapping[str, str] = field(default_factory=dict)
    """Member id -> client id and address."""


def describe(admin: KafkaAdminClient, name: str) -> ConsumerGroup:
    """Ask the broker about a group; a group that it does not know is dead.

    Raises
    ------
    KafkaError
        The broker does not answer, or the group's coordinator is not ready yet.
    """
    described = admin.describe_groups([name])[name]
    members = described["members"]
    return ConsumerGroup(
        state=described["group_state"] or GroupState.DEAD,
        partitions={member["member_id"]: _assigned(member) for member in members},
        members={member["member_id"]: f"{member['client_id']} on {member['client_host']}" for member in members},
    )


def _assigned(member: Mapping[str, Any]) -> frozenset[TopicPartition]:
    assignment = member["member_assignment"] or {}
    return frozenset(
        TopicPartition(topic["topic"], partition)
        for topic in assignment.get("assigned_partitions", ())
        for partition in topic["partitions"]
    )
