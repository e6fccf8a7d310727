"""Connection settings as options of Spark's Kafka source and sink. Pure.

The options travel to the executors with the tasks. The password is only in ``kafka.sasl.jaas.config``, which
`spark_session.REDACTED` keeps out of plans, pages and logs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from segue_core.contract import Env
from segue_core.contract.environment import SettingsError
from segue_core.settings import KafkaSettings
from segue_core.store.models import PartitionRange

_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def connection_options(settings: KafkaSettings) -> dict[str, str]:
    """Options for both source and sink.

    Raises
    ------
    SettingsError
        The SASL mechanism does not take a username and a password.
    """
    options = {
        "kafka.bootstrap.servers": settings.bootstrap,
        "kafka.security.protocol": settings.security_protocol,
    }
    if settings.sasl_mechanism:
        module = _LOGIN_MODULES.get(settings.sasl_mechanism)
        if module is None:
            raise SettingsError(
                f"{Env.KAFKA_SASL_MECHANISM}={settings.sasl_mechanism!r}: use {', '.join(sorted(_LOGIN_MODULES))}"
            )
        options["kafka.sasl.mechanism"] = settings.sasl_mechanism
        options["kafka.sasl.jaas.config"] = (
            f"{module} required username={_quoted(settings.username or '')} "
            f"password={_quoted(settings.password or '')};"
        )
    if settings.ca_file:
        options |= {"kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": settings.ca_file}
    return options


def range_options(ranges: Sequence[PartitionRange]) -> dict[str, str]:
    """Options for reading exactly these ranges."""
    partitions: dict[str, list[int]] = {}
    starts: dict[str, dict[str, int]] = {}
    ends: dict[str, dict[str, int]] = {}
    for item in ranges:
        partitions.setdefault(item.topic, []).append(item.partition)
        starts.setdefault(item.topic, {})[str(item.partition)] = item.start
        ends.setdefault(item.topic, {})[str(item.partition)] = item.end
    return {
        "assign": json.dumps(partitions),
        "startingOffsets": json.dumps(starts),
        "endingOffsets": json.dumps(ends),
        "failOnDataLoss": "true",
    }
