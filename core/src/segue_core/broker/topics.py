"""Creating topics on a broker that has no KafkaTopic resources."""

from __future__ import annotations

import logging

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from segue_core.broker.kafka_client import unreachable
from segue_core.contract import Topic
from segue_core.errors import ProgramError
from segue_core.settings import KafkaSettings

logger = logging.getLogger(__name__)


def ensure_topics(settings: KafkaSettings) -> None:
    """Create the missing topics if the settings ask for it; in a cluster, KafkaTopic resources create them.

    Raises
    ------
    ProgramError
        The broker does not answer, or refuses to create a topic.
    """
    if not settings.create_topics:
        return
    try:
        admin = KafkaAdminClient(**settings.client_options())
    except KafkaError as error:
        raise unreachable(settings, error) from error
    try:
        missing = {settings.topic(topic) for topic in Topic} - set(admin.list_topics())
        wanted = {"num_partitions": settings.partitions, "replication_factor": 1}
        answer = admin.create_topics(dict.fromkeys(sorted(missing), wanted), raise_errors=False) if missing else {}
        for topic in answer.get("topics", ()):
            answered = for_code(topic["error_code"])
            if answered is NoError:
                logger.info("topic created", extra={"topic": topic["name"], "partitions": settings.partitions})
            elif answered is not TopicAlreadyExistsError:  # another program was faster
                raise answered(f"{topic['name']}: {topic['error_message'] or answered.__name__}")
    except KafkaError as error:
        raise ProgramError(f"cannot create topics with the prefix {settings.topic_prefix!r}: {error}") from error
    finally:
        admin.close()
