"""The sink's consumer group, as the broker describes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from segue_core.broker.consumer_group import ConsumerGroup, describe
from segue_core.broker.kafka_client import close_admin, unreachable
from segue_core.contract import Topic
from segue_core.deadline import within
from segue_core.errors import ProgramError
from segue_core.settings import KafkaSettings
from segue_jobs.verify.standstill import Offsets

logger = logging.getLogger(__name__)

T = TypeVar("T")

_TOPICS = (Topic.TRACKS, Topic.REJECTED)
_BOOTSTRAP_SECONDS = 20.0
_CONNECT_SECONDS = 25.0
"""A little longer than the client itself takes to give up."""
_REQUEST_SECONDS = 8.0
_CALL_SECONDS = 10.0
"""A call may need several requests, and some of the client's waits never end."""


class SinkGroup:
    """Offsets and members of the sink's group; every call returns in bounded time.

    Raises
    ------
    ProgramError
        The broker cannot be reached, or a topic is missing.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.name = settings.sink_group
        self.bootstrap = settings.bootstrap
        options: dict[str, Any] = {
            "bootstrap_timeout_ms": int(_BOOTSTRAP_SECONDS * 1000),
            "request_timeout_ms": int(_REQUEST_SECONDS * 1000),
            **settings.client_options(),
        }
        try:
            self._admin = within(_CONNECT_SECONDS, lambda: KafkaAdminClient(**options))
        except (KafkaError, TimeoutError) as error:
            raise unreachable(settings, error) from error
        self._partitions: list[TopicPartition] = []
        self._ends: Offsets = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close_admin(self._admin)

    def find_partitions(self, settings: KafkaSettings) -> None:
        """Find out which partitions the group must have read.

        Raises
        ------
        ProgramError
            A topic is missing.
        KafkaError, TimeoutError
            The broker does not answer.
        """
        wanted = {settings.topic(topic) for topic in _TOPICS}
        described = within(_CALL_SECONDS, lambda: self._admin.describe_topics(sorted(wanted)))
        self._partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            for partition in topic["partitions"]
        ]
        missing = wanted - {partition.topic for partition in self._partitions}
        if missing:
            raise ProgramError(
                f"there is no topic {', '.join(sorted(missing))} on {settings.bootstrap}: nothing was sent"
            )

    def ends(self) -> Offsets:
        """Offset after the last record of each partition."""
        self._ends = within(_CALL_SECONDS, lambda: self._offsets(OffsetSpec.LATEST))
        return self._ends

    def starts(self) -> Offsets:
        """Offset of the first record that retention has kept in each partition."""
        return within(_CALL_SECONDS, lambda: self._offsets(OffsetSpec.EARLIEST))

    def committed(self) -> Offsets | None:
        """Committed offsets; None if the broker does not know them yet.

        An offset beyond the end of its partition is left out: the topic was made anew or restored, and a sink that
        finds it so begins at the first record.
        """
        found = self._ask(lambda: self._admin.list_group_offsets({self.name: self._partitions})[self.name])
        if found is None:
            return None
        offsets = {partition: entry.offset for partition, entry in found.items()}
        if all(offset <= self._ends.get(partition, offset) for partition, offset in offsets.items()):
            return offsets
        ends = self._ask(lambda: self._offsets(OffsetSpec.LATEST))  # other batches have sent more meanwhile
        if ends is None:
            return None
        return {partition: offset for partition, offset in offsets.items() if offset <= ends.get(partition, offset)}

    def described(self) -> ConsumerGroup | None:
        """State and members; None if the broker does not know them yet."""
        return self._ask(lambda: describe(self._admin, self.name))

    def _ask(self, question: Callable[[], T]) -> T | None:
        try:
            return within(_CALL_SECONDS, question)
        except TimeoutError:
            logger.debug("the broker has not answered for %g s", _CALL_SECONDS)
        except KafkaError as error:
            if not error.retriable:
                raise
            logger.debug("the broker has no answer yet: %s", error)
        return None

    def _offsets(self, spec: OffsetSpec) -> Offsets:
        found = self._admin.list_partition_offsets(dict.fromkeys(self._partitions, spec))
        return {partition: entry.offset for partition, entry in found.items()}
