"""Connections and manners of a program, read once from the environment, validated, printable without secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from segue_jobs.contract import DEFAULT_TERMINATION_LOG, METRICS_PORT, Env, Topic


class SettingsError(ValueError):
    """The environment is wrong; the message names the variable and what it should hold."""


def _required(environ: Mapping[str, str], name: Env, example: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set; give it as for example {name}={example}")
    return value


def _integer(environ: Mapping[str, str], name: Env, default: int, minimum: int) -> int:
    text = environ.get(name, "")
    try:
        value = int(text) if text else default
    except ValueError:
        raise SettingsError(f"{name}={text!r} is not a whole number") from None
    if value < minimum:
        raise SettingsError(f"{name}={value} is below {minimum}")
    return value


@dataclass(frozen=True)
class KafkaSettings:
    """How to reach the broker, and which topics are ours."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    topic_prefix: str = "segue"
    create_topics: bool = False
    partitions: int = 4

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> KafkaSettings:
        """Read the ``KAFKA_*`` and ``SEGUE_TOPIC_*`` variables.

        Raises
        ------
        SettingsError
            A variable is missing or wrong.
        """
        protocol = environ.get(Env.KAFKA_SECURITY_PROTOCOL, "PLAINTEXT")
        if protocol not in ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"):
            raise SettingsError(
                f"{Env.KAFKA_SECURITY_PROTOCOL}={protocol!r}: use PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
            )
        mechanism = environ.get(Env.KAFKA_SASL_MECHANISM) or ("SCRAM-SHA-512" if "SASL" in protocol else None)
        if "SASL" in protocol:
            _required(environ, Env.KAFKA_USERNAME, "segue")
            _required(environ, Env.KAFKA_PASSWORD, "…")
        return cls(
            bootstrap=_required(environ, Env.KAFKA_BOOTSTRAP, "localhost:9092"),
            security_protocol=protocol,
            sasl_mechanism=mechanism,
            username=environ.get(Env.KAFKA_USERNAME),
            password=environ.get(Env.KAFKA_PASSWORD),
            ca_file=environ.get(Env.KAFKA_CA_FILE) or None,
            topic_prefix=environ.get(Env.TOPIC_PREFIX) or "segue",
            create_topics=environ.get(Env.TOPIC_CREATE, "false") == "true",
            partitions=_integer(environ, Env.TOPIC_PARTITIONS, 4, 1),
        )

    def topic(self, topic: Topic) -> str:
        """Name of a topic on the broker."""
        return f"{self.topic_prefix}.{topic}"

    @property
    def sink_group(self) -> str:
        """Consumer group of the sink: one for all sinks of a prefix."""
        return f"{self.topic_prefix}.sink"

    def client_options(self) -> dict[str, Any]:
        """Options that every kafka-python client takes."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security_protocol,
        }
        if self.sasl_mechanism:
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.ca_file:
            options["ssl_cafile"] = self.ca_file
        return options


@dataclass(frozen=True)
class MongoSettings:
    """How to reach the database."""

    uri: str = field(repr=False)
    database: str = "segue"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> MongoSettings:
        """Read ``MONGODB_URI`` and ``SEGUE_DATABASE``.

        Raises
        ------
        SettingsError
            The URI is missing or not one of MongoDB's.
        """
        uri = _required(environ, Env.MONGODB_URI, "mongodb://localhost:27017")
        if not uri.startswith(("mongodb://", "mongodb+srv://")):
            raise SettingsError(f"{Env.MONGODB_URI} must begin with mongodb:// or mongodb+srv://")
        return cls(uri=uri, database=environ.get(Env.DATABASE) or "segue")

    @property
    def address(self) -> str:
        """Host part of the URI, without user and password."""
        return urlsplit(self.uri).netloc.rpartition("@")[2]


@dataclass(frozen=True)
class ProgramSettings:
    """How a program logs, shows its metrics and says how it ended."""

    metrics_port: int = METRICS_PORT
    termination_log: Path = Path(DEFAULT_TERMINATION_LOG)
    log_format: str = "json"
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ProgramSettings:
        """Read the ``SEGUE_*`` variables that every program has.

        Raises
        ------
        SettingsError
            A variable is wrong.
        """
        log_format = environ.get(Env.LOG_FORMAT) or "json"
        if log_format not in ("json", "text"):
            raise SettingsError(f"{Env.LOG_FORMAT}={log_format!r}: use json or text")
        level = (environ.get(Env.LOG_LEVEL) or "INFO").upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise SettingsError(f"{Env.LOG_LEVEL}={level!r}: use DEBUG, INFO, WARNING or ERROR")
        return cls(
            metrics_port=_integer(environ, Env.METRICS_PORT, METRICS_PORT, 0),
            termination_log=Path(environ.get(Env.TERMINATION_LOG) or DEFAULT_TERMINATION_LOG),
            log_format=log_format,
            log_level=level,
        )
