"""Connections and manners of a program, read once from the environment, validated, printable without secrets."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from segue_jobs.contract import DEFAULT_TERMINATION_LOG, METRICS_PORT, SASL_MECHANISMS, Env, Topic

_BROKER = re.compile(r"[^\s,]+:[0-9]{1,5}")
_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,200}")
_DATABASE = re.compile(r"""[^/\\. "$*<>:|?\0]{1,63}""")
"""What MongoDB takes on every system."""


class SettingsError(ValueError):
    """The environment is wrong; the message names the variable and what it should hold."""


def _required(environ: Mapping[str, str], name: Env, example: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set; give it as for example {name}={example}")
    return value


def _word(environ: Mapping[str, str], name: Env, default: str, words: tuple[str, ...]) -> str:
    value = environ.get(name) or default
    if value not in words:
        raise SettingsError(f"{name}={value!r}: use {', '.join(words[:-1])} or {words[-1]}")
    return value


def _named(environ: Mapping[str, str], name: Env, default: str, pattern: re.Pattern[str], rule: str) -> str:
    value = environ.get(name) or default
    if not pattern.fullmatch(value):
        raise SettingsError(f"{name}={value!r}: {rule}")
    return value


def _integer(environ: Mapping[str, str], name: Env, default: int, minimum: int, maximum: int = 2**31 - 1) -> int:
    text = environ.get(name, "")
    try:
        value = int(text) if text else default
    except ValueError:
        raise SettingsError(f"{name}={text!r} is not a whole number") from None
    if value < minimum:
        raise SettingsError(f"{name}={value} is below {minimum}")
    if value > maximum:
        raise SettingsError(f"{name}={value} is above {maximum}")
    return value


def _brokers(environ: Mapping[str, str]) -> str:
    given = _required(environ, Env.KAFKA_BOOTSTRAP, "localhost:9092")
    brokers = [broker.strip() for broker in given.split(",") if broker.strip()]
    for broker in brokers:
        if not _BROKER.fullmatch(broker) or not 0 < int(broker.rpartition(":")[2]) < 65536:
            raise SettingsError(f"{Env.KAFKA_BOOTSTRAP}: {broker!r} is not host:port; several are separated by commas")
    if not brokers:
        raise SettingsError(f"{Env.KAFKA_BOOTSTRAP}={given!r} names no broker")
    return ",".join(brokers)


def _authority(environ: Mapping[str, str], protocol: str) -> str | None:
    """File with the brokers' certificate authority, if there is one and the protocol asks for it."""
    path = environ.get(Env.KAFKA_CA_FILE)
    if not path or not protocol.endswith("SSL"):
        return None
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl's own errors among them
        why = error.strerror or type(error).__name__
        raise SettingsError(f"{Env.KAFKA_CA_FILE}={path} is no file of PEM certificates: {why}") from None
    return path


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
        protocols = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
        protocol = _word(environ, Env.KAFKA_SECURITY_PROTOCOL, "PLAINTEXT", protocols)
        mechanism = None
        if "SASL" in protocol:
            _required(environ, Env.KAFKA_USERNAME, "segue")
            _required(environ, Env.KAFKA_PASSWORD, "…")
            mechanism = _word(environ, Env.KAFKA_SASL_MECHANISM, "SCRAM-SHA-512", SASL_MECHANISMS)
        return cls(
            bootstrap=_brokers(environ),
            security_protocol=protocol,
            sasl_mechanism=mechanism,
            username=environ.get(Env.KAFKA_USERNAME),
            password=environ.get(Env.KAFKA_PASSWORD),
            ca_file=_authority(environ, protocol),
            topic_prefix=_named(
                environ, Env.TOPIC_PREFIX, "segue", _PREFIX, "use letters, digits, '.', '_' and '-', at most 200"
            ),
            create_topics=_word(environ, Env.TOPIC_CREATE, "false", ("true", "false")) == "true",
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
            The URI is missing or not one of MongoDB's, or the name is none that it takes.
        """
        uri = _required(environ, Env.MONGODB_URI, "mongodb://localhost:27017")
        if not uri.startswith(("mongodb://", "mongodb+srv://")):
            raise SettingsError(f"{Env.MONGODB_URI} must begin with mongodb:// or mongodb+srv://")
        rule = (
            "MongoDB's databases have names of at most 63 characters, without blanks and / \\ . $ * < > : | ? or quotes"
        )
        return cls(uri=uri, database=_named(environ, Env.DATABASE, "segue", _DATABASE, rule))

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
        log_format = _word(environ, Env.LOG_FORMAT, "json", ("json", "text"))
        level = (environ.get(Env.LOG_LEVEL) or "INFO").upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise SettingsError(f"{Env.LOG_LEVEL}={level!r}: use DEBUG, INFO, WARNING or ERROR")
        return cls(
            metrics_port=_integer(environ, Env.METRICS_PORT, METRICS_PORT, 0, 65535),
            termination_log=Path(environ.get(Env.TERMINATION_LOG) or DEFAULT_TERMINATION_LOG),
            log_format=log_format,
            log_level=level,
        )
