"""A service whose broker or database goes away, and comes back."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from segue.servers.embedded import KafkaServer
from segue_api.adapters.event_log import KafkaEventLog
from segue_api.application import create
from segue_api.settings import ApiSettings
from segue_core.broker.topics import ensure_topics
from segue_core.contract import EventType, Role
from segue_core.store.database import Database
from segue_core.store.keys import create_key
from segue_core.store.records import TrackRecord
from support.events import event
from support.waiting import wait_until

pytestmark = pytest.mark.slow

LIKE = {"events": [{"type": "like", "user": "anna", "trackId": "000005"}]}


def test_without_a_broker_events_are_refused_until_it_is_back_and_questions_are_answered(
    api_settings: ApiSettings, target: Database, tracks: list[TrackRecord], tmp_path: Path
) -> None:
    token = create_key(target, Role.ADMIN).token
    with KafkaServer(tmp_path / "kafka") as broker:
        settings = replace(api_settings, kafka=replace(api_settings.kafka, bootstrap=broker.bootstrap))
        app = create(settings, registry=CollectorRegistry())
        with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
            wait_until(lambda: client.get("/v1/tracks").status_code == 200)
            wait_until(lambda: client.post("/v1/events", json=LIKE).status_code == 202)
            port = int(broker.bootstrap.rpartition(":")[2])
            broker.stop()
            answer = client.post("/v1/events", json=LIKE)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json()["type"] == "urn:segue:problem:broker-unavailable"
            assert len(answer.json()["ids"]) == 1
            assert client.get("/v1/users/anna/recommendations").status_code == 200
            broker.launch(port)
            broker.wait_ready()
            wait_until(lambda: client.post("/v1/events", json=LIKE).status_code == 202)


async def test_an_idle_producer_does_not_outlive_its_use(api_settings: ApiSettings, tmp_path: Path) -> None:
    """Without a broker, kafka-python's keeps a processor busy, asking for the leaders of partitions it wrote to."""

    def sending() -> list[str]:
        return [thread.name for thread in threading.enumerate() if "producer" in thread.name]

    with KafkaServer(tmp_path / "kafka") as broker:
        settings = replace(api_settings.kafka, bootstrap=broker.bootstrap)
        ensure_topics(settings)
        for idle_seconds, kept in ((60, True), (0, False)):
            log = KafkaEventLog(settings, idle_seconds=idle_seconds)
            await log.append([event(1, EventType.LIKE, "000005")])
            log.rest()
            assert bool(sending()) == kept
            await log.append([event(2, EventType.LIKE, "000005")])
            log.close()
