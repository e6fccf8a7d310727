"""What the pods of this machine are given: servers, secrets and their share of the cores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from segue.errors import UsageError
from segue.render.resources import at
from segue.servers.session import Endpoints
from segue_core.contract import Env
from segue_core.contract.environment import SettingsError
from segue_core.settings import KafkaSettings
from segue_operator.children.config import ChildConfig, KafkaAccess, KafkaUser, SecretKey, active_batches
from segue_operator.children.environment import ConfigError
from segue_operator.kinds.objects import Kind, Manifest

MONGODB_SECRET = SecretKey("segue-mongodb", "uri")
KAFKA_SECRET = SecretKey("segue-kafka", "password")


def child_config(endpoints: Endpoints, environ: Mapping[str, str]) -> ChildConfig:
    """Where the children find their servers; secrets by reference, as in a cluster."""
    try:
        batches = active_batches(environ)
        kafka = KafkaSettings.from_environment({**environ, **endpoints.environment()})
    except (ConfigError, SettingsError) as error:
        raise UsageError(str(error)) from error
    return ChildConfig(
        kafka=KafkaAccess(
            bootstrap=kafka.bootstrap,
            security_protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism,
            user=KafkaUser(kafka.username, KAFKA_SECRET) if kafka.username else None,
            password_as_file=False,  # secrets are kept in memory alone
        ),
        mongodb_uri=MONGODB_SECRET,
        database=environ.get(Env.DATABASE) or "segue",
        topic_prefix=kafka.topic_prefix,
        topic_partitions=kafka.partitions,
        create_topics=True,
        log_format="text",
        active_batches=batches,
        sink_max_replicas=1,  # more would only wait for the one disk
    )


def secrets(endpoints: Endpoints, environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Values of the Secrets that `child_config` refers to."""
    return {
        MONGODB_SECRET.name: {MONGODB_SECRET.key: endpoints.mongodb_uri},
        KAFKA_SECRET.name: {KAFKA_SECRET.key: environ.get(Env.KAFKA_PASSWORD, "")},
    }


def workers(manifests: Iterable[Manifest], environ: Mapping[str, str]) -> dict[str, str]:
    """Each shard's share of the cores; in a cluster, CPU limits do this."""
    specs = [manifest["spec"] for manifest in manifests if manifest["kind"] == Kind.TRACK_BATCH]
    own = [entry.get("name") for spec in specs for entry in at(spec, "podOverrides", "env") or ()]
    if Env.WORKERS in environ or Env.WORKERS in own:
        return {}
    at_once = max((at(spec, "extraction", "parallelism") or 1 for spec in specs), default=1)
    return {Env.WORKERS: str(max(1, (os.cpu_count() or 1) // at_once))}
