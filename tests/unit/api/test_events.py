"""Events: what is taken, what is refused and why, and what an answer becomes by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from segue_core.contract import Role
from segue_core.listeners.apply import MAXIMUM_OPINIONS
from segue_core.store.events import new_event_id
from segue_core.store.profiles import Opinion
from support.service import MemoryService

NOW = datetime.now(UTC)


def post(client: TestClient, *events: dict[str, Any], **parameters: str) -> Any:
    return client.post("/v1/events", json={"events": list(events)}, params=parameters)


def like(track: str, **fields: Any) -> dict[str, Any]:
    return {"type": "like", "trackId": track, **fields}


def ids(answer: Any) -> list[str]:
    return [hit["track"]["id"] for hit in answer.json()["hits"]]


def test_a_like_changes_the_list_of_the_replica_that_took_it_at_once(anna: TestClient) -> None:
    before = ids(anna.get("/v1/users/anna/recommendations"))
    answer = post(anna, like("000005"))
    assert answer.status_code == 202
    assert len(answer.json()["taken"]) == 1
    after = anna.get("/v1/users/anna/recommendations")
    assert ids(after) != before
    hit = after.json()["hits"][0]
    assert hit["because"]["id"] == "000005"
    assert hit["source"] in {"long", "session"}
    assert after.json()["dropped"]["seed"] >= 1


def test_a_like_is_answered_at_once_also_by_a_profile_that_was_not_in_memory(anna: TestClient) -> None:
    post(anna, like("000005"))
    assert anna.get("/v1/users/anna/recommendations").json()["hits"][0]["because"]["id"] == "000005"


def test_the_good_events_of_a_batch_are_taken_and_the_bad_ones_named(service: MemoryService, anna: TestClient) -> None:
    identifier = str(new_event_id(NOW))
    answer = post(
        anna,
        like("000001", id=identifier),
        like("nobody has this"),
        {"type": "play", "trackId": "000002", "positionMs": 20_000, "durationMs": 10_000},
        like("000003", id=identifier),
        {"type": "sing", "trackId": "000003"},
        like("000004", user="bob"),
        {"type": "erase"},
        like("000005", time="1970-01-01T00:00:00Z"),
        like("000006", time=(NOW + timedelta(days=9)).isoformat()),
        like("000007", time="2026-01-01T00:00:00"),
        like("000008", id="no-uuid"),
        [],
        {"type": "play", "trackId": "000009", "positionMs": 200_000, "durationMs": 210_000},
    )
    assert answer.status_code == 202
    body = answer.json()
    assert len(body["taken"]) == 2
    assert body["taken"][0] == identifier
    faults = {fault["index"]: " ".join(fault["faults"]) for fault in body["refused"]}
    expected = {
        1: "has no track",
        2: "beyond durationMs",
        3: "that of event 0",
        4: "Invalid enum value 'sing'",
        5: "another listener",
        6: "DELETE /v1/users",
        7: "before 2000",
        8: "in the future",
        9: "has no zone",
        10: "is not a UUID",
        11: "object",
    }
    assert faults.keys() == expected.keys()
    for index, words in expected.items():
        assert words in faults[index]
    assert [event.track_id for event in service.log.events] == ["000001", "000009"]


def test_a_batch_without_a_good_event_is_refused(anna: TestClient) -> None:
    answer = post(anna, like("nobody has this"), like(""))
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:segue:problem:invalid-body"
    assert [fault["pointer"] for fault in answer.json()["faults"]] == ["/events/0", "/events/1"]


def test_an_event_that_is_sent_again_counts_once(service: MemoryService, anna: TestClient) -> None:
    play = {
        "type": "play", "trackId": "000002", "positionMs": 200_000, "durationMs": 210_000, "id": str(new_event_id(NOW))
    }  # fmt: skip
    assert [post(anna, play).status_code for _ in range(3)] == [202] * 3
    assert anna.get("/v1/users/anna/top").json()["tracks"][0]["weight"] == pytest.approx(1, abs=0.01)


def test_without_a_broker_events_are_refused_and_questions_answered(service: MemoryService, anna: TestClient) -> None:
    service.log.away = True
    answer = post(anna, like("000005"))
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:segue:problem:broker-unavailable")
    assert answer.headers["retry-after"] == "5"
    (identifier,) = answer.json()["ids"]
    assert anna.get("/v1/users/anna/recommendations").status_code == 200
    service.log.away = False
    assert post(anna, like("000005", id=identifier)).json()["taken"] == [identifier]


def test_an_ingest_key_sends_events_of_anybody_and_asks_nothing(service: MemoryService) -> None:
    ingest = service.client(Role.INGEST)
    assert post(ingest, like("000005", user="anna"), like("000006", user="bob")).status_code == 202
    assert "user is missing" in str(post(ingest, like("000005")).json())
    assert ingest.get("/v1/tracks").status_code == 403


def test_preferences_shape_the_list_of_somebody_without_a_history(anna: TestClient) -> None:
    stated = {"genres": ["Genre 2"], "excluded": {"artists": ["Artist 8"]}}
    assert anna.put("/v1/users/anna/preferences", json=stated).status_code == 202
    assert anna.get("/v1/users/anna/preferences").json()["preferences"] == stated
    hits = anna.get("/v1/users/anna/recommendations").json()["hits"]
    assert hits
    assert {hit["source"] for hit in hits} == {"preferences"}
    assert all("Genre 2" in hit["track"]["genres"] and hit["track"]["artist"] != "Artist 8" for hit in hits)
    wrong = anna.put("/v1/users/anna/preferences", json={"year": {"low": 2000, "high": 1990}})
    assert wrong.status_code == 400
    assert "empty" in wrong.json()["detail"]


def test_an_erased_listener_begins_anew(service: MemoryService, anna: TestClient) -> None:
    nobody = ids(anna.get("/v1/users/anna/recommendations"))
    post(anna, like("000005"))
    assert anna.get("/v1/users/anna/profile").json()["profile"]["opinions"]
    assert anna.delete("/v1/users/anna/profile").status_code == 202
    assert anna.get("/v1/users/anna/profile").json()["profile"]["opinions"] == []
    assert ids(anna.get("/v1/users/anna/recommendations")) == nobody
    assert service.log.events[-1].type == "erase"


def test_a_listener_sees_what_is_stored(service: MemoryService, anna: TestClient) -> None:
    post(anna, like("000005"), {"type": "skip", "trackId": "000006", "positionMs": 3000, "durationMs": 200_000})
    service.store.stored_events = list(service.log.events)
    history = anna.get("/v1/users/anna/history", params={"limit": 1}).json()["events"]
    assert [(event["type"], event["track"]["title"]) for event in history] == [("skip", "Track 6")]
    assert len(anna.get("/v1/users/anna/profile").json()["events"]) == 2
    top = anna.get("/v1/users/anna/top").json()
    assert [entry["track"]["id"] for entry in top["tracks"]] == ["000005"]


def test_a_profile_without_room_refuses_a_like_and_says_what_to_do(
    service: MemoryService, anna: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MAXIMUM_OPINIONS, Opinion.LIKE, 1)
    anna.get("/v1/users/anna/recommendations")
    assert post(anna, like("000005")).status_code == 202
    answer = post(anna, like("000006"), {"type": "clear", "trackId": "000005"})
    assert (len(answer.json()["taken"]), answer.json()["refused"][0]["index"]) == (1, 0)
    assert "clear some" in answer.json()["refused"][0]["faults"][0]
    assert post(anna, like("000006")).status_code == 202


def test_clicks_on_served_ranks_are_counted(service: MemoryService, anna: TestClient) -> None:
    context = {"model": "fma:1", "list": "recommendations", "rank": 3}
    post(anna, like("000005", context=context), like("000006"))
    assert sample(service.registry, "segue_api_clicks_total", rank="2-5") == 1
    assert sample(service.registry, "segue_api_events_total", type="like") == 2


def sample(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)
