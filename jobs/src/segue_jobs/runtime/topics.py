"""Topics on a broker that has no KafkaTopic resources."""

from __future__ import annotations

import logging

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from segue_jobs.contract import Topic
from segue_jobs.runtime.settings import KafkaSettings

logger = logging.getLogger(__name__)


def ensure_topics(settings: KafkaSettings) -> None:
    """Create the topics that are missing, where the settings ask for it; in a cluster KafkaTopic resources do."""
    if not settings.create_topics:
        return
    admin = KafkaAdminClient(**settings.client_options())
    try:
        missing = {settings.topic(topic) for topic in Topic} - set(admin.list_topics())
        for name in sorted(missing):
            try:
                admin.create_topics({name: {"num_partitions": settings.partitions, "replication_factor": 1}})
            except TopicAlreadyExistsError:
                continue  # another program was faster
            logger.info("topic created", extra={"topic": name, "partitions": settings.partitions})
    finally:
        admin.close()
