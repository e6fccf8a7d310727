"""Real servers for the tests: one broker and one database a session, a topic prefix and a database name a test."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from segue.servers.embedded import KafkaServer, MongoServer
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Document, connect


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden`` writes what reviewers read, such as the help of all commands, again."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files again")


# A shell's background job ignores Ctrl-C, and so would the programs that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine must not fail a test: examples prove the rules, not how long one takes.
settings.register_profile("segue", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("segue")


# Processes that fill one cache of numba's at once ruin it; the tests call librosa without the engine's lock.
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "numba" / _worker))


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """The session's broker: do not stop it, start one of your own for fault tests."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    """The session's database: do not stop it, start one of your own for fault tests."""
    with MongoServer(tmp_path_factory.mktemp("mongodb")) as server:
        yield server


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def kafka_settings(kafka_server: KafkaServer, unique: str) -> KafkaSettings:
    """The session's broker with topics of this test alone."""
    return KafkaSettings(bootstrap=kafka_server.bootstrap, topic_prefix=unique, create_topics=True, partitions=3)


@pytest.fixture
def mongo_settings(mongo_server: MongoServer, unique: str) -> MongoSettings:
    """The session's database server with a database of this test alone."""
    return MongoSettings(uri=mongo_server.uri, database=unique)


@pytest.fixture
def mongo_client(mongo_settings: MongoSettings) -> Iterator[MongoClient[Document]]:
    """Client of the test's database."""
    with connect(mongo_settings) as client:
        yield client


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return Path(__file__).resolve().parents[1]
