"""The folder of the embedded broker: its properties, its data, and what of that is set aside."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{host}:{controller_port}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.retention.hours=168
"""
DATA = "data"
"""Relative to where the broker runs: ``log.dirs`` would take a comma in a path for the next folder."""
_ASIDE = "unreadable"


def set_aside(folder: Path, partitions: Iterable[str]) -> None:
    """Move partitions with consumers' offsets out of a stopped broker's data; it makes new ones, without offsets.

    Nothing is lost: sinks then read their topics from the first record, and what is stored already does not change.

    Parameters
    ----------
    folder
        The broker's; they are kept in ``unreadable`` beside its data, the newest of each.
    """
    for name in partitions:
        found, kept = folder / DATA / name, folder / _ASIDE / name
        if found.is_dir():
            shutil.rmtree(kept, ignore_errors=True)
            kept.parent.mkdir(exist_ok=True)
            found.rename(kept)
