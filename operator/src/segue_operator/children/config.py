"""What builders need besides the parent: images, servers, Secrets by name. Never a Secret's value."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from segue_core.contract import SASL_MECHANISMS, Env
from segue_operator.children.environment import ConfigError, choice, required, text, whole_number
from segue_operator.kinds.constants import Component
from segue_operator.kinds.pod_overrides import PodOverrides

Resources = Mapping[str, Mapping[str, str]]

ACTIVE_BATCHES = 4
SINK_MAX_REPLICAS = 4

DEFAULT_RESOURCES: Mapping[Component, Resources] = {
    Component.EXTRACT: {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    Component.SINK: {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    Component.VERIFY: {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
}

DEFAULT_SERVICE_ACCOUNTS: Mapping[Component, str] = {
    component: f"segue-{component}" for component in (Component.EXTRACT, Component.SINK, Component.VERIFY)
}
"""One account for each program. None has any rights, and no pod mounts its token."""


@dataclass(frozen=True)
class SecretKey:
    """One key of a Secret."""

    name: str
    key: str


@dataclass(frozen=True)
class KafkaUser:
    """A program's user on the broker."""

    name: str
    password: SecretKey


@dataclass(frozen=True, kw_only=True)
class KafkaAccess:
    """How pods connect to the broker."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    user: KafkaUser | None = None
    """User of the programs that have none of their own."""
    users: Mapping[Component, KafkaUser] = field(default_factory=dict)
    ca_certificate: SecretKey | None = None
    password_as_file: bool = True
    """Whether sinks mount their password, so that it may change while they run. Where they cannot, it is a variable."""

    def user_of(self, component: Component) -> KafkaUser | None:
        """A program's user; None if the broker does not authenticate."""
        return self.users.get(component, self.user)


@dataclass(frozen=True, kw_only=True)
class ChildConfig:
    """Settings for all children, and how many batches may have some."""

    kafka: KafkaAccess
    jobs_image: str = "segue-jobs"
    spark_image: str = "segue-spark"
    mongodb_uri: SecretKey = SecretKey("segue-mongodb", "uri")
    database: str = "segue"
    topic_prefix: str = "segue"
    create_topics: bool = False
    topic_partitions: int = 4
    resources: Mapping[Component, Resources] = field(default_factory=lambda: dict(DEFAULT_RESOURCES))
    service_accounts: Mapping[Component, str] = field(default_factory=lambda: dict(DEFAULT_SERVICE_ACCOUNTS))
    spark_service_account: str = "segue-spark"
    image_pull_policy: str = "IfNotPresent"
    log_format: str = "json"
    active_batches: int = ACTIVE_BATCHES
    """How many batches may work at the same time; the others queue."""
    sink_max_replicas: int = SINK_MAX_REPLICAS
    """How many pods a sink may have while records pile up."""
    sink_pod_overrides: PodOverrides | None = None
    """Changes to the sinks' pods, which belong to no batch."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ChildConfig:
        """Read the operator's environment: the programs' variables in `Env`, and the operator's own ``SEGUE_*``.

        Raises
        ------
        ConfigError
            A variable is missing or invalid.
        """
        return cls(
            kafka=_kafka(environ),
            jobs_image=text(environ, "SEGUE_JOBS_IMAGE", "segue-jobs"),
            spark_image=text(environ, "SEGUE_SPARK_IMAGE", "segue-spark"),
            mongodb_uri=SecretKey(
                text(environ, "SEGUE_MONGODB_SECRET", "segue-mongodb"),
                text(environ, "SEGUE_MONGODB_SECRET_KEY", "uri"),
            ),
            database=text(environ, Env.DATABASE, "segue"),
            topic_prefix=text(environ, Env.TOPIC_PREFIX, "segue"),
            create_topics=choice(environ, Env.TOPIC_CREATE, "false", ("true", "false")) == "true",
            topic_partitions=whole_number(environ, Env.TOPIC_PARTITIONS, 4, least=1),
            resources={
                component: _resources(environ, f"SEGUE_{component.name}_RESOURCES", default)
                for component, default in DEFAULT_RESOURCES.items()
            },
            service_accounts={
                component: text(environ, f"SEGUE_{component.name}_SERVICE_ACCOUNT", default)
                for component, default in DEFAULT_SERVICE_ACCOUNTS.items()
            },
            spark_service_account=text(environ, "SEGUE_SPARK_SERVICE_ACCOUNT", "segue-spark"),
            image_pull_policy=choice(
                environ, "SEGUE_IMAGE_PULL_POLICY", "IfNotPresent", ("Always", "IfNotPresent", "Never")
            ),
            log_format=choice(environ, Env.LOG_FORMAT, "json", ("json", "text")),
            active_batches=active_batches(environ),
            sink_max_replicas=whole_number(environ, "SEGUE_SINK_MAX_REPLICAS", SINK_MAX_REPLICAS, least=1, most=64),
            sink_pod_overrides=_pod_overrides(environ, "SEGUE_SINK_POD_OVERRIDES"),
        )


def active_batches(environ: Mapping[str, str]) -> int:
    """How many batches may work at the same time."""
    return whole_number(environ, "SEGUE_ACTIVE_BATCHES", ACTIVE_BATCHES, least=1, most=1000)


def _resources(environ: Mapping[str, str], name: str, default: Resources) -> Resources:
    given = environ.get(name, "").strip()
    if not given:
        return default
    hint = f"""{name} must be JSON like {{"requests": {{"cpu": "1"}}, "limits": {{"memory": "2Gi"}}}}"""
    try:
        value: Any = json.loads(given)
    except ValueError as error:
        raise ConfigError(f"{hint}: {error}") from None
    if not isinstance(value, dict) or not set(value) <= {"requests", "limits"}:
        raise ConfigError(hint)
    if not all(isinstance(part, dict) for part in value.values()):
        raise ConfigError(hint)
    return {part: {key: str(quantity) for key, quantity in values.items()} for part, values in value.items()}


def _pod_overrides(environ: Mapping[str, str], name: str) -> PodOverrides | None:
    given = environ.get(name, "").strip()
    if not given:
        return None
    try:
        return PodOverrides.model_validate_json(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{name} must be podOverrides as JSON: {where}{': ' if where else ''}{first['msg']}"
        ) from None


def _user(environ: Mapping[str, str], name: str, secret: str) -> KafkaUser:
    return KafkaUser(
        required(environ, name, "segue"),
        SecretKey(required(environ, secret, "segue-kafka"), text(environ, "SEGUE_KAFKA_SECRET_KEY", "password")),
    )


def _users_of_programs(environ: Mapping[str, str]) -> dict[Component, KafkaUser]:
    """Users of the programs that have their own, with only the rights they need."""
    return {
        component: _user(environ, variable, f"SEGUE_{component.name}_KAFKA_SECRET")
        for component in Component
        if environ.get(variable := f"SEGUE_{component.name}_KAFKA_USERNAME", "").strip()
    }


def _kafka(environ: Mapping[str, str]) -> KafkaAccess:
    protocol = choice(
        environ, Env.KAFKA_SECURITY_PROTOCOL, "PLAINTEXT", ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
    )
    user, users, mechanism = None, {}, None
    if protocol.startswith("SASL"):
        users = _users_of_programs(environ)
        if len(users) < len(Component):
            user = _user(environ, Env.KAFKA_USERNAME, "SEGUE_KAFKA_SECRET")
        mechanism = choice(environ, Env.KAFKA_SASL_MECHANISM, "SCRAM-SHA-512", SASL_MECHANISMS)
    certificate = environ.get("SEGUE_KAFKA_CA_SECRET", "").strip()
    return KafkaAccess(
        bootstrap=required(environ, Env.KAFKA_BOOTSTRAP, "kafka-kafka-bootstrap:9092"),
        security_protocol=protocol,
        sasl_mechanism=mechanism,
        user=user,
        users=users,
        ca_certificate=SecretKey(certificate, text(environ, "SEGUE_KAFKA_CA_SECRET_KEY", "ca.crt"))
        if certificate
        else None,
    )
