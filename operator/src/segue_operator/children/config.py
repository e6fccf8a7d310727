"""What children need besides their parent: images, servers, secrets by name. Never a secret's value."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue_jobs.contract import SASL_MECHANISMS, Env
from segue_operator.api.constants import Component
from segue_operator.children.environment import ConfigError, choice, required, text, whole_number

Resources = Mapping[str, Mapping[str, str]]

DEFAULT_RESOURCES: Mapping[Component, Resources] = {
    Component.EXTRACT: {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    Component.SINK: {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    Component.VERIFY: {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
}

DEFAULT_SERVICE_ACCOUNTS: Mapping[Component, str] = {
    component: f"segue-{component}" for component in (Component.EXTRACT, Component.SINK, Component.VERIFY)
}
"""One account a program: none of them may do anything, and none of their pods has its token."""


@dataclass(frozen=True)
class SecretKey:
    """One key of a Secret."""

    name: str
    key: str


@dataclass(frozen=True)
class KafkaUser:
    """Who a program is to the broker."""

    name: str
    password: SecretKey


@dataclass(frozen=True, kw_only=True)
class KafkaAccess:
    """How pods reach the broker."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    user: KafkaUser | None = None
    """Who a program is that has no user of its own."""
    users: Mapping[Component, KafkaUser] = field(default_factory=dict)
    ca_certificate: SecretKey | None = None

    def user_of(self, component: Component) -> KafkaUser | None:
        """Who a program is; None where the broker asks for no name."""
        return self.users.get(component, self.user)


@dataclass(frozen=True, kw_only=True)
class ChildConfig:
    """Everything that builders know besides the parent."""

    kafka: KafkaAccess
    jobs_image: str = "segue-jobs"
    spark_image: str = "segue-spark"
    operator_image: str = "segue-operator"
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

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ChildConfig:
        """Read the operator's environment: the programs' variables of `Env`, and ``SEGUE_*`` ones of its own.

        Raises
        ------
        ConfigError
            A variable is missing or wrong.
        """
        return cls(
            kafka=_kafka(environ),
            jobs_image=text(environ, "SEGUE_JOBS_IMAGE", "segue-jobs"),
            spark_image=text(environ, "SEGUE_SPARK_IMAGE", "segue-spark"),
            operator_image=text(environ, "SEGUE_OPERATOR_IMAGE", "segue-operator"),
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
        )


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


def _user(environ: Mapping[str, str], name: str, secret: str) -> KafkaUser:
    return KafkaUser(
        required(environ, name, "segue"),
        SecretKey(required(environ, secret, "segue-kafka"), text(environ, "SEGUE_KAFKA_SECRET_KEY", "password")),
    )


def _users_of_programs(environ: Mapping[str, str]) -> dict[Component, KafkaUser]:
    """Programs with a user of their own, so that each may do no more than it has to."""
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
