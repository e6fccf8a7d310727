"""Whether the sink has stored all that was produced before the verification began."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from segue_jobs.contract import Topic
from segue_jobs.runtime.program import ProgramError
from segue_jobs.runtime.settings import KafkaSettings
from segue_jobs.runtime.topics import unreachable

logger = logging.getLogger(__name__)

_TOPICS = (Topic.TRACKS, Topic.REJECTED)
_SECONDS_BETWEEN = 0.25

Offsets = Mapping[TopicPartition, int]


def remaining(ends: Offsets, starts: Offsets, committed: Offsets) -> dict[TopicPartition, int]:
    """Records that the sink has not committed, of partitions that have such; what retention deleted does not count."""
    lags = {
        partition: end - max(committed.get(partition, 0), starts.get(partition, 0)) for partition, end in ends.items()
    }
    return {partition: lag for partition, lag in lags.items() if lag > 0}


def stall_message(lags: Offsets, group: str, seconds: float) -> str:
    """What to tell when the sink stands still: the partition that lags most, by how much, and in which group."""
    partition, lag = max(lags.items(), key=lambda item: item[1])
    return (
        f"the sink made no progress for {seconds:g} s: group {group} is {lag} records behind on "
        f"{partition.topic} partition {partition.partition} ({sum(lags.values())} on {len(lags)} partitions); "
        "is a sink running, and does MongoDB take its writes? Its log tells"
    )


def wait_for_sink(settings: KafkaSettings, stall_seconds: float, stopping: threading.Event) -> None:
    """Wait until the sink's group has committed all that is on the topics now.

    Raises
    ------
    ProgramError
        The sink made no progress for ``stall_seconds``, the broker does not answer, a topic is missing, or the
        program is to stop. A retry may help.
    """
    try:
        admin = KafkaAdminClient(**settings.client_options())
    except KafkaError as error:
        raise unreachable(settings, error) from error
    try:
        _wait(_Group(admin, settings), stall_seconds, stopping)
    except KafkaError as error:
        raise ProgramError(f"cannot read the offsets of {settings.topic_prefix!r} from Kafka: {error}") from error
    finally:
        admin.close()


class _Group:
    """The sink's group and the topics that it must have read."""

    def __init__(self, admin: KafkaAdminClient, settings: KafkaSettings) -> None:
        self._admin = admin
        self.name = settings.sink_group
        described = admin.describe_topics([settings.topic(topic) for topic in _TOPICS])
        self._partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            for partition in topic["partitions"]
        ]
        missing = {settings.topic(topic) for topic in _TOPICS} - {partition.topic for partition in self._partitions}
        if missing:
            raise ProgramError(f"no topic {', '.join(sorted(missing))} on {settings.bootstrap}: nothing was produced")

    def ends(self) -> Offsets:
        return self._offsets(OffsetSpec.LATEST)

    def starts(self) -> Offsets:
        return self._offsets(OffsetSpec.EARLIEST)

    def committed(self) -> Offsets:
        """Committed offsets; none while the broker cannot tell."""
        try:
            found = self._admin.list_group_offsets({self.name: self._partitions})[self.name]
        except KafkaError as error:
            if not error.retriable:
                raise
            logger.debug("no committed offsets yet: %s", error)
            return {}
        return {partition: entry.offset for partition, entry in found.items()}

    def _offsets(self, spec: OffsetSpec) -> Offsets:
        found = self._admin.list_partition_offsets(dict.fromkeys(self._partitions, spec))
        return {partition: entry.offset for partition, entry in found.items()}


def _wait(
    group: _Group, stall_seconds: float, stopping: threading.Event, clock: Callable[[], float] = time.monotonic
) -> None:
    ends, starts = group.ends(), group.starts()
    least, since = None, clock()
    while lags := remaining(ends, starts, group.committed()):
        total = sum(lags.values())
        if least is None or total < least:
            least, since = total, clock()
            logger.info("waiting for the sink", extra={"records": total})
        if clock() - since >= stall_seconds:
            raise ProgramError(stall_message(lags, group.name, stall_seconds))
        if stopping.wait(_SECONDS_BETWEEN):
            raise ProgramError("stopped while waiting for the sink")
