"""``python -m segue_jobs.sink``: tracks, rejections and events from Kafka to MongoDB, until stopped."""

from __future__ import annotations

import logging
import sys

from segue_jobs.contract import SinkArguments
from segue_jobs.runtime.mongodb import connect, database, ensure_indexes
from segue_jobs.runtime.program import Outcome, Program, run
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_jobs.sink.loop import Sink
from segue_jobs.sink.metrics import SinkMetrics
from segue_jobs.sink.reader import Reader
from segue_jobs.sink.store import Store
from segue_jobs.summary import Summary

logger = logging.getLogger(__name__)

_DATABASE_SECONDS = 5.0
"""How long a database that is away may hold up a batch's attempt, and so a stop."""
_ANSWER_SECONDS = 45.0
"""How long one that stands still may; a few of these stay below the group's limit between two polls. The driver's
limit for a whole transaction (``timeoutMS``) would not do: under it, it tries a server that is gone until the end."""


def main(arguments: SinkArguments, program: Program) -> Outcome:
    """Run one sink until it is stopped."""
    kafka, mongo = KafkaSettings.from_environment(), MongoSettings.from_environment()
    with connect(mongo, timeout_seconds=_DATABASE_SECONDS, answer_seconds=_ANSWER_SECONDS) as client:
        ensure_indexes(database(client, mongo))
        ensure_topics(kafka)
        reader = Reader(kafka)
        try:
            logger.info("sink started", extra={"group": kafka.sink_group, "database": mongo.database})
            store = Store(client, mongo)
            Sink(reader, store, arguments, SinkMetrics(), program.stopping, program.ready).run()
        finally:
            reader.close()
    logger.info("sink stopped")
    return Outcome(Summary())


if __name__ == "__main__":
    sys.exit(run(SinkArguments, main))
