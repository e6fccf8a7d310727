"""Replicas with a real broker and database: likes, models and tracks reach all of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from segue_core.contract import Topic
from segue_core.settings import KafkaSettings
from segue_core.store.database import Collection, Database
from segue_core.store.records import TrackRecord
from support.tracks import produce
from support.waiting import wait_until

from .conftest import Replica, publish

pytestmark = pytest.mark.slow


def because(client: TestClient, user: str = "anna") -> set[str | None]:
    hits = client.get(f"/v1/users/{user}/recommendations").json()["hits"]
    return {hit["because"] and hit["because"]["id"] for hit in hits}


def like(client: TestClient, track_id: str, user: str = "anna") -> Any:
    return client.post("/v1/events", json={"events": [{"type": "like", "user": user, "trackId": track_id}]})


def test_a_like_changes_the_lists_of_every_replica(replica: Replica) -> None:
    one, other = replica(), replica()
    assert because(one) == because(other) == {None}
    assert like(one, "000005").status_code == 202
    assert because(one) == {"000005"}
    wait_until(lambda: because(other) == {"000005"})


def test_a_replica_that_starts_later_knows_what_the_topic_has(replica: Replica) -> None:
    like(replica(), "000005")
    later = replica()
    wait_until(lambda: because(later) == {"000005"})


def test_a_track_that_arrives_on_the_topic_is_recommendable_without_training(
    replica: Replica, tracks: list[TrackRecord], kafka_settings: KafkaSettings
) -> None:
    client = replica()
    twin = msgspec.structs.replace(
        tracks[5],
        track_id="twin",
        audio_sha256="f" * 64,
        audio=msgspec.structs.replace(tracks[5].audio, duration_seconds=tracks[5].audio.duration_seconds + 30),
        metadata=msgspec.structs.replace(tracks[5].metadata, title="Twin", artist="Somebody"),
    )
    produce(kafka_settings, Topic.TRACKS, [twin])
    wait_until(lambda: client.get("/v1/tracks/twin").status_code == 200)
    assert client.get("/v1/tracks/twin").json()["track"]["new"]
    hits = client.get(f"/v1/tracks/{tracks[5].track_id}/similar").json()["hits"]
    assert hits[0]["track"]["id"] == "twin"
    assert client.get("/v1/tracks", params={"q": "somebody twin"}).json()["total"] == 1


def test_an_activated_model_is_served_by_every_replica_and_compared_before(
    replica: Replica, target: Database, tracks: list[TrackRecord]
) -> None:
    one, other = replica(), replica()
    publish(target, tracks, number=2, k=4, active=False)
    listed = one.get("/v1/models").json()
    assert (listed["active"], [model["key"] for model in listed["models"]]) == ("fma:1", ["fma:1", "fma:2"])
    diff = one.get("/v1/models/diff", params={"a": "1", "b": "2"}).json()
    assert (diff["before"], diff["after"], diff["commonTracks"]) == ("fma:1", "fma:2", 240)
    body = {"model": "2", "expected": "1", "reason": "it is better"}
    assert one.put("/v1/active-model", json=body).json()["previous"] == "fma:1"
    for client in (one, other):
        wait_until(lambda client=client: client.get("/v1/tracks").json()["model"] == "fma:2")
    moved = one.put("/v1/active-model", json={"model": "1", "expected": "1", "reason": "back"})
    assert (moved.status_code, moved.json()["type"]) == (409, "urn:segue:problem:pointer-moved")


def test_a_model_that_cannot_be_read_keeps_the_old_one_in_service(
    replica: Replica, target: Database, tracks: list[TrackRecord]
) -> None:
    client = replica()
    publish(target, tracks, number=2, active=False)
    target[Collection.MODELS].update_one({"_id": "fma:2"}, {"$set": {"k": 3}})
    target[Collection.CATALOGUES].update_one({"_id": "fma"}, {"$set": {"activeModel": "fma:2"}})
    wait_until(lambda: client.get("/v1/models").json()["active"] == "fma:2")
    assert client.get("/v1/models").json()["serving"] == "fma:1"
    assert client.get("/v1/tracks/000005/similar").status_code == 200
