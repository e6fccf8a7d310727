"""Searching tracks, and asking for similar ones."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from starlette.testclient import TestClient

from segue_core.store.facts import FileFacts, Root
from segue_core.store.records import Metadata
from support.service import MemoryService


def test_a_search_finds_every_word_in_any_name_page_by_page(admin: TestClient) -> None:
    whole = admin.get("/v1/tracks").json()
    assert (whole["total"], len(whole["tracks"]), whole["model"]) == (240, 50, "fma:1")
    second = admin.get("/v1/tracks", params={"offset": 50, "limit": 2}).json()
    assert [track["id"] for track in second["tracks"]] == ["000050", "000051"]
    found = admin.get("/v1/tracks", params={"q": "ARTIST 7 genre"}).json()
    assert found["total"]
    assert all(track["artist"].startswith("Artist 7") or "7" in track["title"] for track in found["tracks"])
    assert admin.get("/v1/tracks", params={"q": "nothing has this"}).json()["tracks"] == []


def test_filters_narrow_a_search(admin: TestClient) -> None:
    found = admin.get("/v1/tracks", params={"genre": "genre 1", "tempo": "100..130"}).json()
    assert {genre for track in found["tracks"] for genre in track["genres"]} == {"Genre 1"}
    assert admin.get("/v1/tracks", params={"tempo": "..90"}).json()["total"] == 0


def test_sounds_narrow_a_search_where_a_network_has_heard_the_tracks(service: MemoryService, admin: TestClient) -> None:
    deaf = admin.get("/v1/tracks", params={"sounds": "calm"})
    assert (deaf.status_code, deaf.json()["type"]) == (400, "urn:segue:problem:question-refused")
    assert "no network has heard these tracks" in deaf.json()["detail"]
    assert admin.get("/v1/tracks/000005").json()["estimated"] == {}


def test_one_track_is_found_by_its_id(admin: TestClient) -> None:
    found = admin.get("/v1/tracks/000005").json()
    assert found["track"]["title"] == "Track 5"
    assert found["clusterName"]


def test_a_track_has_facts_for_listeners_and_no_path_of_the_server(service: MemoryService, admin: TestClient) -> None:
    records = service.store.stored_tracks
    file = FileFacts(
        path=b"secret/5.mp3", root=Root(volume="hostPath/srv/secret"), size=1234, suffix="mp3", bit_rate_kbps=256
    )
    numbers = Metadata(title="Track 5", disc_number=2, track_number=3, album_artist="Various", isrcs=("DEA123456789",))
    records[5] = msgspec.structs.replace(
        records[5], file=file, metadata=numbers, added=datetime(2026, 1, 2, tzinfo=UTC), source="hostPath/srv/secret"
    )
    answer = admin.get("/v1/tracks/000005")
    facts = answer.json()["facts"]
    assert (facts["suffix"], facts["size"], facts["bitRateKbps"]) == ("mp3", 1234, 256)
    assert (facts["discNumber"], facts["trackNumber"], facts["albumArtist"]) == (2, 3, "Various")
    assert (facts["isrcs"], facts["added"]) == (["DEA123456789"], "2026-01-02T00:00:00Z")
    assert "secret" not in answer.text


def test_a_track_without_facts_is_answered_all_the_same(service: MemoryService, admin: TestClient) -> None:
    facts = admin.get("/v1/tracks/000006").json()["facts"]
    assert (facts["suffix"], facts["size"], facts["added"]) == (None, None, None)
    service.store.away = True
    answer = admin.get("/v1/tracks/000006")
    assert (answer.status_code, answer.json()["facts"]) == (200, None)


def test_similar_tracks_say_why_in_shares_that_add_up(admin: TestClient) -> None:
    answer = admin.get("/v1/tracks/000005/similar", params={"limit": 8})
    assert answer.status_code == 200
    found = answer.json()
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, 9))
    assert found["context"] == {"model": "fma:1", "list": "similar"}
    for hit in found["hits"]:
        assert sum(hit["why"].values()) == pytest.approx(1)
        assert hit["because"] == {"id": "000005", "title": "Track 5", "artist": hit["because"]["artist"]}
        assert hit["words"]
    assert found["dropped"]["seed"] == 1


def test_an_unknown_track_is_answered_with_what_may_have_been_meant(admin: TestClient) -> None:
    answer = admin.get("/v1/tracks/00005x")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:segue:problem:unknown-track"
    assert answer.json()["suggestions"]


def test_a_path_leads_from_one_track_to_another(admin: TestClient) -> None:
    found = admin.get("/v1/path", params={"start": "000001", "end": "000100", "count": 6}).json()
    ids = [step["track"]["id"] for step in found["steps"]]
    assert (ids[0], ids[-1], len(ids)) == ("000001", "000100", 6)
    assert found["largestHop"] == max(step["hop"] for step in found["steps"])
    assert admin.get("/v1/path", params={"start": "000001", "end": "000001"}).status_code == 400


def test_several_catalogues_must_be_told_apart(service: MemoryService, admin: TestClient) -> None:
    service.serve("demo", 40)
    answer = admin.get("/v1/tracks")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:segue:problem:catalogue-needed")
    assert answer.json()["suggestions"] == ["demo", "fma"]
    assert admin.get("/v1/tracks", params={"catalogue": "demo"}).json()["total"] == 40
    unknown = admin.get("/v1/tracks", params={"catalogue": "dem"})
    assert (unknown.status_code, unknown.json()["suggestions"]) == (404, ["demo"])


def test_before_a_catalogue_is_loaded_a_request_is_asked_to_come_again() -> None:
    answer = MemoryService().client().get("/v1/tracks")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["type"] == "urn:segue:problem:not-loaded"
