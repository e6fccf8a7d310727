"""Servers that the environment names instead of the embedded ones: checked before any work is begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from segue.errors import CommandError, UsageError
from segue_core.contract import Env
from segue_core.contract.environment import SettingsError
from segue_core.settings import KafkaSettings, MongoSettings

CONNECT_SECONDS = 10.0

SettingsT = TypeVar("SettingsT", KafkaSettings, MongoSettings)


def external_kafka(environ: Mapping[str, str]) -> str | None:
    """Address of the broker that ``KAFKA_BOOTSTRAP`` names, once it has answered; None where it is not set.

    Raises
    ------
    CommandError
        It does not answer, or the settings are wrong.
    """
    if not environ.get(Env.KAFKA_BOOTSTRAP):
        return None
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    settings = _settings(KafkaSettings, environ)
    with _must_answer("broker", Env.KAFKA_BOOTSTRAP, settings.bootstrap, KafkaError, OSError, ValueError):
        milliseconds = int(CONNECT_SECONDS * 1000)
        limits = {"request_timeout_ms": milliseconds, "bootstrap_timeout_ms": milliseconds}
        KafkaAdminClient(**settings.client_options(), **limits).close()
    return settings.bootstrap


def external_mongodb(environ: Mapping[str, str]) -> str | None:
    """URI of the database that ``MONGODB_URI`` names, once it has answered; None where it is not set.

    Raises
    ------
    CommandError
        It does not answer, or the URI is wrong.
    """
    if not environ.get(Env.MONGODB_URI):
        return None
    from pymongo.errors import PyMongoError

    from segue_core.store.database import connect

    settings = _settings(MongoSettings, environ)
    with (
        _must_answer("database", Env.MONGODB_URI, settings.address, PyMongoError),
        connect(settings, timeout_seconds=CONNECT_SECONDS) as client,
    ):
        client.admin.command("ping")
    return settings.uri


@contextmanager
def _must_answer(what: str, variable: Env, address: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn the client's errors into the variable that named the server, and the way out."""
    try:
        yield
    except errors as error:
        raise CommandError(
            f"{variable} ({address}) does not answer: {str(error).partition(',')[0]}",
            f"start that {what}, or unset {variable} to use the embedded one",
        ) from error


def _settings(kind: type[SettingsT], environ: Mapping[str, str]) -> SettingsT:
    try:
        return kind.from_environment(environ)
    except SettingsError as error:
        raise UsageError(str(error)) from error
