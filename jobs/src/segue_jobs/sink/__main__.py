"""``python -m segue_jobs.sink``: tracks and rejections, or events, from Kafka to MongoDB, until stopped."""

from __future__ import annotations

import logging
import sys

from segue_core.broker.topics import ensure_topics
from segue_core.contract import SinkArguments, SinkFeed, Topic
from segue_core.contract.termination import Summary
from segue_core.program import Program, Termination, run
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import connect, database
from segue_core.store.schema import prepare
from segue_jobs.sink.loop import Sink
from segue_jobs.sink.reader import Reader
from segue_jobs.sink.rewind import rewind
from segue_jobs.sink.sink_metrics import SinkMetrics
from segue_jobs.sink.transactions import Store

logger = logging.getLogger(__name__)

_DATABASE_SECONDS = 5.0
"""How long an attempt waits for an unavailable database, and so how long it may delay a stop."""
_ANSWER_SECONDS = 45.0
"""How long a command waits for a database that hangs; a few of these fit into the group's limit between two polls. The
driver's limit for a whole transaction (``timeoutMS``) does not help: with it, the driver retries a server that is gone
until the limit."""


def main(arguments: SinkArguments, program: Program) -> Termination:
    """Run one sink until it is stopped."""
    kafka, mongo = KafkaSettings.from_environment(), MongoSettings.from_environment()
    with connect(mongo, timeout_seconds=_DATABASE_SECONDS, answer_seconds=_ANSWER_SECONDS) as client:
        program.pulse.beat()  # what hangs from here on ends the process
        prepare(database(client, mongo))
        ensure_topics(kafka)
        metrics = SinkMetrics()
        program.pulse.beat()
        if arguments.feed is SinkFeed.EVENTS:
            rewind(kafka, database(client, mongo), program)
        reader = Reader(kafka, arguments.feed, metrics.count_replaced)
        try:
            logger.info("sink started", extra={"group": kafka.group_of(arguments.feed), "database": mongo.database})
            store = Store(client, mongo, program.pulse.beat, followed=kafka.topic(Topic.EVENTS))
            Sink(reader, store, arguments, metrics, program.stopping, program.ready, program.pulse).run()
        finally:
            reader.close()
            program.pulse.rest()
    logger.info("sink stopped")
    return Termination(Summary())


if __name__ == "__main__":
    sys.exit(run(SinkArguments, main))
