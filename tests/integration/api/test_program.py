"""The service as a program: started, asked, stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from segue_core.contract import Env, Role
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Database
from segue_core.store.keys import create_key
from segue_core.store.records import TrackRecord
from support.waiting import wait_until

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str, token: str | None = None) -> tuple[int, str]:
    """Status and body; 0 while nobody listens."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@contextmanager
def service(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "segue_api"], env={**os.environ, **environ}, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def environ(kafka_settings: KafkaSettings, mongo_settings: MongoSettings) -> dict[str, str]:
    return {
        Env.KAFKA_BOOTSTRAP: kafka_settings.bootstrap,
        Env.TOPIC_PREFIX: kafka_settings.topic_prefix,
        Env.TOPIC_CREATE: "true",
        Env.MONGODB_URI: mongo_settings.uri,
        Env.DATABASE: mongo_settings.database,
        Env.API_PORT: str(free_port()),
        Env.METRICS_PORT: str(free_port()),
        Env.API_POLL_MILLISECONDS: "200",
    }


def test_the_program_serves_shows_its_metrics_and_ends_on_a_signal(
    environ: dict[str, str], target: Database, tracks: list[TrackRecord]
) -> None:
    token = create_key(target, Role.ADMIN).token
    api, health = (f"http://127.0.0.1:{environ[name]}" for name in (Env.API_PORT, Env.METRICS_PORT))
    with service(environ) as process:
        wait_until(lambda: get(f"{health}/readyz")[0] == 200)
        assert get(f"{api}/v1/tracks?q=artist+7&limit=1", token)[0] == 200
        assert get(f"{api}/v1/tracks")[0] == 401
        metrics = get(f"{health}/metrics")[1]
        assert 'segue_api_request_seconds_count{route="searchTracks",status="200"} 1.0' in metrics
        assert 'segue_api_model_number{catalogue="fma"} 1.0' in metrics
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"serving", "model in service", "GET searchTracks"} <= {line["message"] for line in lines}
    assert "artist" not in log, "the access log has no query strings"
    assert token not in log


def test_a_replica_without_a_model_lives_and_says_what_is_missing(environ: dict[str, str]) -> None:
    with service({**environ, Env.API_CATALOGUES: "mine"}):
        readiness = f"http://127.0.0.1:{environ[Env.METRICS_PORT]}/readyz"
        wait_until(lambda: "mine: it has no active model" in get(readiness)[1])
        assert get(readiness)[0] == 503
        assert get(readiness.replace("readyz", "livez"))[0] == 200


def test_a_wrong_setting_ends_the_program_with_a_sentence(environ: dict[str, str]) -> None:
    with service({**environ, Env.API_PORT: "http"}) as process:
        _, log = process.communicate(timeout=60)
    assert process.returncode == 2
    assert log == f"error: {Env.API_PORT}='http' is not a whole number from 0 to 65535\n"


def test_without_servers_the_program_lives_and_waits(environ: dict[str, str]) -> None:
    nobody = {Env.KAFKA_BOOTSTRAP: f"127.0.0.1:{free_port()}", Env.MONGODB_URI: f"mongodb://127.0.0.1:{free_port()}"}
    with service({**environ, **nobody}):
        readiness = f"http://127.0.0.1:{environ[Env.METRICS_PORT]}/readyz"
        wait_until(lambda: "does not answer" in get(readiness)[1])
        wait_until(lambda: get(f"http://127.0.0.1:{environ[Env.API_PORT]}/v1/tracks")[0] == 401)
