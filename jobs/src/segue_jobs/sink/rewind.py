"""After a restore: the group has read events that the database no longer has, so they must be read again.

Profiles and the position up to which they have seen each partition are written in one transaction. The group's offsets
are committed afterwards. So if an offset is beyond the stored position, the database is older than the group: it was
restored from a backup, or has lost its last writes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError, NoError

from segue_core.broker.kafka_client import close_admin, explain, unreachable
from segue_core.contract import SinkFeed, Topic
from segue_core.contract.backoff import Backoff
from segue_core.errors import ProgramError
from segue_core.program import Program
from segue_core.settings import KafkaSettings
from segue_core.store.database import Database
from segue_core.store.position import Position
from segue_core.store.positions import read_positions
from segue_jobs.sink.standing import ANSWER_OPTIONS

logger = logging.getLogger(__name__)

_ATTEMPTS = 8
_BACKOFF = Backoff(first_seconds=0.25, longest_seconds=4.0)


def offsets_to_read_again(
    committed: Mapping[TopicPartition, int], seen: Mapping[int, Position]
) -> dict[TopicPartition, int]:
    """Where to begin in each partition whose committed offset is beyond what the database has seen.

    Parameters
    ----------
    committed
        The group's offsets in the partitions of the topic ``events``; negative where there is none.
    seen
        Partition -> position of the last event that profiles have seen.
    """
    following = {partition: position.offset + 1 for partition, position in seen.items()}
    return {
        partition: following.get(partition.partition, 0)
        for partition, offset in committed.items()
        if offset > following.get(partition.partition, 0)
    }


def rewind(settings: KafkaSettings, target: Database, program: Program) -> None:
    """Set the offsets of the sinks of events back to what the database has seen, where they are beyond it.

    Raises
    ------
    ProgramError
        The broker does not answer, or other sinks of the group are running: Kafka moves no offset under them.
    """
    try:
        admin = KafkaAdminClient(**ANSWER_OPTIONS, **settings.client_options())
    except KafkaError as error:
        raise unreachable(settings, error) from error
    group, topic = settings.group_of(SinkFeed.EVENTS), settings.topic(Topic.EVENTS)
    try:
        behind = offsets_to_read_again(_committed(admin, group, topic, program), read_positions(target, topic))
        if behind:
            _reset(admin, group, behind)
    except KafkaError as error:
        raise ProgramError(f"cannot compare the offsets of {group} with the database: {explain(error)}") from error
    finally:
        close_admin(admin)


def _committed(admin: KafkaAdminClient, group: str, topic: str, program: Program) -> dict[TopicPartition, int]:
    """A broker that has just started does not know its groups yet, so it is asked several times."""
    pauses = iter(_BACKOFF)
    for _ in range(_ATTEMPTS - 1):
        try:
            return _ask(admin, group, topic)
        except KafkaError as error:
            if not error.retriable:
                raise
        program.pulse.beat()
        program.stopping.wait(next(pauses))
    return _ask(admin, group, topic)


def _ask(admin: KafkaAdminClient, group: str, topic: str) -> dict[TopicPartition, int]:
    found = admin.list_group_offsets({group: None})[group]
    return {partition: known.offset for partition, known in found.items() if partition.topic == topic}


def _reset(admin: KafkaAdminClient, group: str, behind: dict[TopicPartition, int]) -> None:
    results = admin.reset_group_offsets(group, dict(behind))
    if any(result["error"] is not NoError for result in results.values()):
        names = sorted({result["error"].__name__ for result in results.values()} - {NoError.__name__})
        raise ProgramError(
            f"the database is older than the offsets of {group}, as after a restore, but Kafka does not set them back "
            f"({', '.join(names)}): stop all sinks of events, wait a minute, and start them again"
        )
    logger.warning(
        "the database is older than the group's offsets; reading the events in between again",
        extra={"group": group, "offsets": {str(partition.partition): offset for partition, offset in behind.items()}},
    )
