"""A program's settings: read once from the environment, validated, and printable without secrets."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segue_core.contract import DEFAULT_TERMINATION_LOG, METRICS_PORT, SASL_MECHANISMS, Env, SinkFeed, Topic
from segue_core.contract.environment import SettingsError, choice, matching, required, whole_number

_BROKER = re.compile(r"[^\s,]+:[0-9]{1,5}")
_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,200}")
_DATABASE = re.compile(r"""[^/\\. "$*<>:|?\0]{1,63}""")
"""Names that MongoDB accepts on every operating system."""


def _brokers(environ: Mapping[str, str]) -> str:
    given = required(environ, Env.KAFKA_BOOTSTRAP, "localhost:9092")
    brokers = [broker.strip() for broker in given.split(",") if broker.strip()]
    for broker in brokers:
        scheme, separator, address = broker.partition("://")
        if separator:  # which may be followed by a password
            raise SettingsError(
                f"{Env.KAFKA_BOOTSTRAP}: brokers have no scheme: leave out {scheme}:// and write "
                f"{address.rpartition('@')[2] or 'host:port'}"
            )
        if not _BROKER.fullmatch(broker) or not 0 < int(broker.rpartition(":")[2]) < 65536:
            raise SettingsError(f"{Env.KAFKA_BOOTSTRAP}: {broker!r} is not host:port; separate several with commas")
    if not brokers:
        raise SettingsError(f"{Env.KAFKA_BOOTSTRAP}={given!r} names no broker")
    return ",".join(brokers)


def _authority(environ: Mapping[str, str], protocol: str) -> str | None:
    """File with the brokers' certificate authority, if one is set and the protocol uses it."""
    path = environ.get(Env.KAFKA_CA_FILE)
    if not path or not protocol.endswith("SSL"):
        return None
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl's own errors among them
        why = error.strerror or type(error).__name__
        raise SettingsError(f"{Env.KAFKA_CA_FILE}={path} is not a file of PEM certificates: {why}") from None
    return path


def _password_file(environ: Mapping[str, str]) -> Path | None:
    """File that holds the password; where it is set, ``KAFKA_PASSWORD`` is not read.

    Raises
    ------
    SettingsError
        It cannot be read, or is empty.
    """
    path = environ.get(Env.KAFKA_PASSWORD_FILE)
    if not path:
        required(environ, Env.KAFKA_PASSWORD, "…")
        return None
    try:
        found = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SettingsError(f"{Env.KAFKA_PASSWORD_FILE}={path} cannot be read: {why}") from None
    if not found:
        raise SettingsError(f"{Env.KAFKA_PASSWORD_FILE}={path} is empty")
    return Path(path)


@dataclass(frozen=True)
class KafkaSettings:
    """How to reach the broker, and which topics belong to Segue."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    password_file: Path | None = None
    """Read by each new client, so that a password may change while a program runs."""
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
        protocol = choice(environ, Env.KAFKA_SECURITY_PROTOCOL, "PLAINTEXT", protocols)
        mechanism = password_file = None
        if "SASL" in protocol:
            required(environ, Env.KAFKA_USERNAME, "segue")
            password_file = _password_file(environ)
            mechanism = choice(environ, Env.KAFKA_SASL_MECHANISM, "SCRAM-SHA-512", SASL_MECHANISMS)
        return cls(
            bootstrap=_brokers(environ),
            security_protocol=protocol,
            sasl_mechanism=mechanism,
            username=environ.get(Env.KAFKA_USERNAME),
            password=environ.get(Env.KAFKA_PASSWORD),
            password_file=password_file,
            ca_file=_authority(environ, protocol),
            topic_prefix=matching(
                environ, Env.TOPIC_PREFIX, "segue", _PREFIX, "use letters, digits, '.', '_' and '-', at most 200"
            ),
            create_topics=choice(environ, Env.TOPIC_CREATE, "false", ("true", "false")) == "true",
            partitions=whole_number(environ, Env.TOPIC_PARTITIONS, 4, least=1),
        )

    def topic(self, topic: Topic) -> str:
        """Name of a topic on the broker."""
        return f"{self.topic_prefix}.{topic}"

    @property
    def sink_group(self) -> str:
        """Consumer group of the sinks that write tracks; all with the same topic prefix share it."""
        return f"{self.topic_prefix}.sink"

    def group_of(self, feed: SinkFeed) -> str:
        """Consumer group of the sinks with this feed: they share it if they have the same topic prefix."""
        return self.sink_group if feed is SinkFeed.TRACKS else f"{self.topic_prefix}.{feed}"

    def client_options(self) -> dict[str, Any]:
        """Options for any kafka-python client.

        Raises
        ------
        OSError
            The password's file can no longer be read.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security_protocol,
        }
        if self.sasl_mechanism:
            password = self.password if self.password_file is None else self.password_file.read_text("utf-8").strip()
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": password,
            }
        if self.ca_file:
            options["ssl_cafile"] = self.ca_file
        return options


_ENCODED = re.compile(r"(?:[^@:/?#\[\]%]|%[0-9a-fA-F]{2})*")


def _check_credentials(uri: str) -> None:
    """Refuse a user or a password that the URI cannot hold; the message shows no part of them.

    Raises
    ------
    SettingsError
        A character in them means something else in a URI.
    """
    before, _, options = uri.partition("://")[2].partition("?")
    user, _, password = before.rpartition("@")[0].partition(":")
    if "@" in options or not (_ENCODED.fullmatch(user) and _ENCODED.fullmatch(password)):
        raise SettingsError(
            f"{Env.MONGODB_URI}: percent-encode the user and the password: @ is %40, : is %3A, / is %2F, ? is %3F, "
            "# is %23, % is %25"
        )


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
            The URI is missing or not a MongoDB URI, or the database name is not valid.
        """
        uri = required(environ, Env.MONGODB_URI, "mongodb://localhost:27017")
        if not uri.startswith(("mongodb://", "mongodb+srv://")):
            raise SettingsError(f"{Env.MONGODB_URI} must begin with mongodb:// or mongodb+srv://")
        _check_credentials(uri)
        rule = "use at most 63 characters, without spaces, quotes and any of / \\ . $ * < > : | ?"
        return cls(uri=uri, database=matching(environ, Env.DATABASE, "segue", _DATABASE, rule))

    @property
    def address(self) -> str:
        """Host part of the URI, without user and password."""
        # Even of a URI whose password holds what it may not, nothing before the last @ is shown.
        return re.split(r"[/?]", self.uri.partition("://")[2].rpartition("@")[2])[0]


@dataclass(frozen=True)
class ProgramSettings:
    """How a program logs, serves its metrics and reports its end."""

    metrics_port: int = METRICS_PORT
    termination_log: Path = Path(DEFAULT_TERMINATION_LOG)
    log_format: str = "json"
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ProgramSettings:
        """Read the ``SEGUE_*`` variables that every program uses.

        Raises
        ------
        SettingsError
            A variable is wrong.
        """
        log_format = choice(environ, Env.LOG_FORMAT, "json", ("json", "text"))
        levels = {**environ, Env.LOG_LEVEL: environ.get(Env.LOG_LEVEL, "").upper()}
        level = choice(levels, Env.LOG_LEVEL, "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
        return cls(
            metrics_port=whole_number(environ, Env.METRICS_PORT, METRICS_PORT, least=0, most=65535),
            termination_log=Path(environ.get(Env.TERMINATION_LOG) or DEFAULT_TERMINATION_LOG),
            log_format=log_format,
            log_level=level,
        )
