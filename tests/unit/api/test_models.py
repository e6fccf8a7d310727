"""Models, clusters, the map and mixes."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from segue_core.recommend.question_errors import UnreadableModelError
from segue_core.store.records import encode, track_key
from support.service import MemoryService


def test_clusters_name_their_tracks_the_most_typical_first(admin: TestClient) -> None:
    listed = admin.get("/v1/clusters").json()
    assert sum(cluster["tracks"] for cluster in listed["clusters"]) == 240
    first = listed["clusters"][0]
    found = admin.get(f"/v1/clusters/{first['number']}", params={"limit": 500}).json()
    assert found["cluster"] == first
    assert len(found["tracks"]) == first["tracks"] == len({track["id"] for track in found["tracks"]})
    assert {track["cluster"] for track in found["tracks"]} == {first["number"]}


def test_the_map_has_five_bytes_a_track_in_the_order_of_a_search(admin: TestClient) -> None:
    answer = admin.get("/v1/map")
    assert answer.headers["content-type"] == "application/octet-stream"
    points = np.frombuffer(answer.content, dtype=[("x", "<u2"), ("y", "<u2"), ("cluster", "u1")])
    assert len(points) == 240
    assert max(np.ptp(points["x"].astype(int)), np.ptp(points["y"].astype(int))) == 65535
    numbers = [cluster["number"] for cluster in admin.get("/v1/clusters").json()["clusters"]]
    tracks = admin.get("/v1/tracks", params={"limit": 240}).json()["tracks"]
    assert [numbers[place] for place in points["cluster"]] == [track["cluster"] for track in tracks]
    again = admin.get("/v1/map", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_removed_track_is_nowhere(service: MemoryService, admin: TestClient) -> None:
    assert service.catalogues.change_tracks("fma", (), ["000005", "unknown"]) == 1
    assert admin.get("/v1/tracks/000005").status_code in {404, 409}
    assert admin.get("/v1/tracks").json()["total"] == 239
    assert len(admin.get("/v1/map").content) == 5 * 239
    assert sum(cluster["tracks"] for cluster in admin.get("/v1/clusters").json()["clusters"]) == 239


def test_a_track_whose_file_is_gone_is_out_until_it_is_there_again(service: MemoryService, admin: TestClient) -> None:
    service.store.gone = frozenset({"000005"})
    service.loader.follow_presence()
    assert admin.get("/v1/tracks").json()["total"] == 239
    service.loader.follow_presence()
    service.store.gone = frozenset()
    service.loader.follow_presence()
    assert admin.get("/v1/tracks/000005").json()["track"]["title"] == "Track 5"
    assert admin.get("/v1/tracks").json()["total"] == 240


def test_the_topic_does_not_bring_back_a_track_whose_file_is_gone(service: MemoryService, admin: TestClient) -> None:
    service.store.gone = frozenset({"000005"})
    service.loader.follow_presence()
    record = service.store.stored_tracks[5]
    service.loader.arrive([(track_key("fma", "000005").encode(), encode(record))])
    assert admin.get("/v1/tracks").json()["total"] == 239


def test_a_forgotten_track_goes_and_the_topic_does_not_bring_it_back(service: MemoryService, admin: TestClient) -> None:
    forgotten = service.store.stored_tracks.pop(5)
    service.loader.arrive([(track_key("fma", forgotten.track_id).encode(), encode(forgotten))])
    for _ in range(3):
        service.loader.reconcile()
    assert admin.get("/v1/tracks").json()["total"] == 239


def test_an_arrival_stays_until_it_is_stored_and_what_the_topic_lost_is_found(
    service: MemoryService, admin: TestClient
) -> None:
    arrival = replace(service.store.stored_tracks[5], track_id="arrival", audio_sha256="a" * 64)
    service.loader.arrive([(track_key("fma", "arrival").encode(), encode(arrival))])
    service.loader.reconcile()
    assert admin.get("/v1/tracks/arrival").status_code == 200
    lost = replace(service.store.stored_tracks[6], track_id="lost", audio_sha256="b" * 64)
    service.store.stored_tracks += [arrival, lost]
    service.loader.reconcile()
    service.loader.reconcile()
    assert {admin.get(f"/v1/tracks/{one}").status_code for one in ("arrival", "lost")} == {200}


def test_the_ids_are_read_again_only_after_a_change(service: MemoryService, admin: TestClient) -> None:
    for _ in range(3):
        service.loader.reconcile()
    assert service.store.id_readings == 1
    arrival = replace(service.store.stored_tracks[5], track_id="arrival", audio_sha256="a" * 64)
    service.loader.arrive([(track_key("fma", "arrival").encode(), encode(arrival))])
    for _ in range(4):  # not stored twice in a row, so it goes; then all is as it was
        service.loader.reconcile()
    assert service.store.id_readings == 4
    assert admin.get("/v1/tracks").json()["total"] == 240


def test_a_track_that_comes_again_unchanged_changes_nothing(service: MemoryService, admin: TestClient) -> None:
    stored = service.store.stored_tracks
    changed = replace(stored[5], descriptors={**stored[5].descriptors, "tempoBpm": 129.2, "loudnessDb": -9.35})
    service.loader.arrive([(track_key("fma", "000005").encode(), encode(changed))])
    before = admin.get("/v1/tracks/000007/similar").json()
    again = [*stored[:5], changed, *stored[6:]]
    service.loader.arrive([(track_key("fma", one.track_id).encode(), encode(one)) for one in again])
    assert service.registry.get_sample_value("segue_api_arrived_tracks_total") == 1
    assert admin.get("/v1/tracks/000007/similar").json() == before


def test_a_track_that_was_extracted_again_is_replaced(service: MemoryService, admin: TestClient) -> None:
    first, other = service.store.stored_tracks[:2]
    service.loader.arrive(
        [(track_key("fma", first.track_id).encode(), encode(replace(first, families=other.families)))]
    )
    assert admin.get(f"/v1/tracks/{first.track_id}").json()["track"]["new"]


def test_what_is_played_now_is_no_mix_of_the_day(anna: TestClient) -> None:
    for track in ("000000", "000001", "000002"):
        anna.post("/v1/events", json={"events": [{"type": "like", "trackId": track}]})
    tastes = [mix["list"]["tastes"] for mix in anna.get("/v1/users/anna/mixes").json()["mixes"]]
    assert len(tastes) == 4
    assert all(tastes.count(taste) == 1 for taste in tastes)


def test_mixes_stay_the_same_for_a_day_and_differ_between_tastes(service: MemoryService, anna: TestClient) -> None:
    events = [{"type": "like", "trackId": track} for track in ("000000", "000006", "000001", "000007")]
    anna.post("/v1/events", json={"events": events})
    first = anna.get("/v1/users/anna/mixes", params={"limit": 6}).json()
    assert first == anna.get("/v1/users/anna/mixes", params={"limit": 6}).json()
    assert first["mixes"][-1]["name"] == "New for you"
    assert len(first["mixes"]) >= 2
    assert all(len(mix["list"]["hits"]) <= 6 for mix in first["mixes"])
    assert {mix["list"]["context"]["list"] for mix in first["mixes"]} >= {"mix:taste-1", "mix:new"}


def test_the_active_model_changes_only_from_the_expected_one(service: MemoryService, admin: TestClient) -> None:
    service.train(number=2, k=4, active=False)
    body = {"model": "2", "expected": "fma:7", "reason": "better"}
    assert admin.put("/v1/active-model", json=body).status_code == 409
    changed = admin.put("/v1/active-model", json={**body, "expected": "1", "pin": True}).json()
    assert (changed["active"], changed["previous"], changed["pinned"]) == ("fma:2", "fma:1", True)
    assert changed["by"].startswith("api key ")
    listed = admin.get("/v1/models").json()
    assert (listed["active"], listed["serving"], listed["pinned"]) == ("fma:2", "fma:1", True)
    service.loader.look()
    assert admin.get("/v1/models").json()["serving"] == "fma:2"
    assert admin.get("/v1/models/2").json()["active"]
    refused = admin.put("/v1/active-model", json={"model": "1", "reason": "back"})
    assert (refused.status_code, "unpin" in refused.json()["detail"]) == (409, True)


def test_a_pin_can_be_taken_away_from_the_active_version_alone(service: MemoryService, admin: TestClient) -> None:
    service.train(number=2, k=4, active=False)

    def put(model: str, **more: object) -> tuple[int, bool]:
        answer = admin.put("/v1/active-model", json={"model": model, "reason": "a test", **more})
        return answer.status_code, service.store.active["fma"].pinned

    assert put("1", pin=True) == (200, True)
    assert put("2", pin=False) == (409, True)
    assert put("2", pin=False, expected="1") == (400, True)
    assert put("1", pin=False) == (200, False)
    assert put("2") == (200, False)


def test_two_versions_are_compared(service: MemoryService, admin: TestClient) -> None:
    service.train(number=2, k=4, active=False)
    diff = admin.get("/v1/models/diff", params={"a": "1", "b": "2"}).json()
    assert (diff["before"], diff["after"], diff["commonTracks"]) == ("fma:1", "fma:2", 240)
    assert diff["overlap"] == pytest.approx(1, abs=0.05)


def test_a_model_that_cannot_be_loaded_keeps_the_old_one_and_says_so(service: MemoryService, admin: TestClient) -> None:
    service.train(number=2)
    service.store.error = UnreadableModelError("fma:2", "it is damaged")
    service.loader.look()
    assert admin.get("/v1/tracks").json()["model"] == "fma:1"
    assert "it is damaged" in service.catalogues.problems["fma"]
    labels = {"catalogue": "fma"}
    assert service.registry.get_sample_value("segue_api_model_stale", labels) == 1
    failed = {"catalogue": "fma", "outcome": "failed"}
    assert service.registry.get_sample_value("segue_api_loads_total", failed) == 1
    service.store.error = None
    service.loader.look()
    assert admin.get("/v1/tracks").json()["model"] == "fma:1", "the same model is not tried again at once"
    service.train(number=3)
    service.loader.look()
    assert admin.get("/v1/tracks").json()["model"] == "fma:3"
    assert not service.catalogues.problems
    assert service.registry.get_sample_value("segue_api_model_stale", labels) == 0


def test_what_is_in_memory_is_answered_while_the_database_is_away(service: MemoryService, admin: TestClient) -> None:
    admin.get("/v1/users/anna/recommendations")
    service.store.away = True
    service.loader.look()
    assert admin.get("/v1/tracks/000005/similar").status_code == 200
    assert admin.get("/v1/users/anna/recommendations").status_code == 200
    answer = admin.get("/v1/users/bob/recommendations")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:segue:problem:database-unavailable")
    assert admin.get("/v1/models").status_code == 503
