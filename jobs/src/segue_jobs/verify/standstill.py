"""What the sink still has to store, and what to tell people when it makes no progress. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kafka import TopicPartition

from segue_core.broker.consumer_group import ConsumerGroup, GroupState

Offsets = Mapping[TopicPartition, int]

_NAMED_MEMBERS = 2
_LONGEST_NAME = 48
_JOINING = (GroupState.PREPARING_REBALANCE, GroupState.COMPLETING_REBALANCE)


def remaining(ends: Offsets, starts: Offsets, committed: Offsets) -> dict[TopicPartition, int]:
    """Partition -> records that the sink has not committed, if there are any; deleted records do not count."""
    lags = {
        partition: end - max(committed.get(partition, 0), starts.get(partition, 0)) for partition, end in ends.items()
    }
    return {partition: lag for partition, lag in lags.items() if lag > 0}


def lag_by_topic(lags: Offsets) -> dict[str, int]:
    """Records not committed, by topic."""
    sums: Counter[str] = Counter()
    for partition, lag in lags.items():
        sums[partition.topic] += lag
    return dict(sorted(sums.items()))


def standstill_message(lags: Offsets, name: str, group: ConsumerGroup | None, seconds: float) -> str:
    """Why the verification gives up: what the sink fails to do, its group's state, the way out; in 500 characters.

    Parameters
    ----------
    name, group
        The sink's consumer group; None if the broker has not described it.
    seconds
        How long the sink has made no progress.
    """
    name = _short(name)
    waiting = ", ".join(f"{lag} on {_short(topic)}" for topic, lag in lag_by_topic(lags).items())
    total = sum(lags.values())
    records = "1 record waits" if total == 1 else f"{total} records wait"
    behind = f"{records} ({waiting}), and none has been stored for {seconds:g} s"
    if group is None:
        return f"the sink makes no progress: {behind}. Kafka does not describe its group {name}; check the sink's log"
    members = tuple(sorted(group.members.values()))
    if not members:
        return (
            f"the sink does not read: its group {name} has no members (state {group.state}); {behind}. "
            "Is a sink running? If so, check its log for why it does not join"
        )
    who = f"its group {name} is {group.state} with {_names(members)}; {behind}"
    if group.state in _JOINING:
        return f"the sink does not read: {who}. Its members cannot agree on who reads what: restart the sink"
    return f"the sink makes no progress: {who}. Check its log for MongoDB errors; if it logs nothing, restart it"


def silence_message(bootstrap: str, seconds: float) -> str:
    """Why the verification gives up when the broker does not answer."""
    return (
        f"Kafka at {bootstrap[:100]} has not reported the sink's progress for {seconds:.0f} s: "
        "is the broker running, and does it answer other clients?"
    )


def _names(members: tuple[str, ...]) -> str:
    count = f"{len(members)} member{'s' if len(members) > 1 else ''}"
    more = ", …" if len(members) > _NAMED_MEMBERS else ""
    return f"{count} ({', '.join(_short(member) for member in members[:_NAMED_MEMBERS])}{more})"


def _short(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    half = (_LONGEST_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
