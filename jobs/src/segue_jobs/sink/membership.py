"""Whether this sink is a working member of its group, according to the broker, not to the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kafka import TopicPartition

from segue_core.broker.consumer_group import ConsumerGroup, GroupState

SESSION_SECONDS = 15.0
"""How long the broker waits for a member's heartbeat before expelling it."""
REBALANCE_SECONDS = 300.0
"""How long the broker waits for all members to rejoin."""
_MARGIN_SECONDS = 5.0


class Fault(StrEnum):
    """What is wrong with a sink's membership; a closed set, used as a metric label."""

    UNREACHABLE = "unreachable"
    """The broker answers neither the consumer nor a new connection: a new consumer would not help."""
    POLL_FAILS = "poll_fails"
    """Every poll fails, although the broker answers other requests."""
    EXPELLED = "expelled"
    """The group does not know this member."""
    NOT_ASSIGNED = "not_assigned"
    """The group assigned this member partitions that the client does not hold."""
    NOT_READING = "not_reading"
    """There are records in the member's partitions, but polls return none."""
    REBALANCING = "rebalancing"
    """The group waits for its members to rejoin."""


@dataclass(frozen=True)
class Standing:
    """What is known about this member after a poll that returned nothing."""

    member_id: str
    held: frozenset[TopicPartition]
    """Partitions that the client reads."""
    group: ConsumerGroup | None
    """The group as the broker describes it; None if the broker does not answer."""
    waiting: Mapping[TopicPartition, int] = field(default_factory=dict)
    """Held partition -> records after the client's position, if there are any."""
    poll_error: str = ""
    """Why the last poll failed; empty if it did not."""

    def fault(self) -> Fault | None:
        """What is wrong now; most faults resolve themselves within moments."""
        if self.group is None:
            return Fault.UNREACHABLE
        if self.poll_error:
            return Fault.POLL_FAILS
        if self.group.state == GroupState.PREPARING_REBALANCE:
            return Fault.REBALANCING
        if self.member_id not in self.group.partitions:
            return Fault.EXPELLED
        if self.group.state != GroupState.STABLE or self.group.partitions[self.member_id] != self.held:
            return Fault.NOT_ASSIGNED
        return Fault.NOT_READING if self.waiting else None


def patience(fault: Fault) -> float:
    """Seconds after which a fault no longer resolves itself; infinite if a new consumer would not help."""
    if fault is Fault.UNREACHABLE:
        return float("inf")
    return _MARGIN_SECONDS + (REBALANCE_SECONDS if fault is Fault.REBALANCING else SESSION_SECONDS)


@dataclass
class Watchdog:
    """Decides when a consumer has been faulty for so long that it must be replaced."""

    fault: Fault | None = None
    """What was wrong at the last check, as far as one check can tell."""
    _lasting: Fault | None = None
    """What was wrong when the broker last answered."""
    _since: float = 0.0

    @property
    def is_content(self) -> bool:
        """Whether nothing was wrong, or in doubt, at the last check."""
        return self.fault is None and self._lasting is None

    def progress(self) -> None:
        """Records arrived: all is well."""
        self.fault = self._lasting = None

    def begin_again(self, now: float) -> None:
        """A new consumer took over at ``now`` (seconds); until the next check it counts as faulty as the old one."""
        self._since = now

    def judge(self, standing: Standing, now: float) -> Fault | None:
        """Record a check at ``now`` (seconds); return the fault if the consumer must be replaced because of it.

        Records that wait may have arrived after the poll that returned nothing: only the second check in a row calls
        that a fault.
        """
        fault = standing.fault()
        self.fault = None if fault is Fault.NOT_READING and self._lasting is None else fault
        if fault is Fault.UNREACHABLE:  # that says nothing about the membership, neither good nor bad
            return None
        if fault is None or self._lasting is None or patience(fault) != patience(self._lasting):
            self._since = now
        self._lasting = fault
        return fault if fault is not None and now - self._since >= patience(fault) else None
