"""What the owner asks: batches, rejections with the way out, reach, numbers; and names and places."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from segue_api.service.mending import MENDING, mending
from segue_core.contract import Reason
from segue_core.store.rejections import Rejection
from support.service import MemoryService


def rejection(track_id: str, reason: str) -> Rejection:
    return Rejection(
        catalogue="fma", track_id=track_id, batch="late", batch_uid="uid", stage="decode", reason=reason,
        path=f"{track_id}.mp3", message="it is broken", time=1,
    )  # fmt: skip


def test_every_reason_has_a_way_out_and_an_unknown_one_has_none() -> None:
    assert set(MENDING) == set(Reason)
    assert all(text.endswith(".") for text in MENDING.values())
    assert mending("OfALaterVersion") == ""


def test_rejections_are_paged_and_filtered(service: MemoryService, admin: TestClient) -> None:
    given = {"b": "Silent", "a": "DecodeError", "c": "Silent"}
    service.store.stored_rejections += [rejection(track_id, reason) for track_id, reason in given.items()]
    page = admin.get("/v1/rejected?limit=2").json()
    assert (page["total"], [one["trackId"] for one in page["rejected"]]) == (3, ["a", "b"])
    silent = admin.get("/v1/rejected?reason=Silent&batch=late&offset=1").json()
    assert [one["trackId"] for one in silent["rejected"]] == ["c"]
    assert silent["rejected"][0]["mend"] == MENDING[Reason.SILENT]


def test_batches_have_their_accounts(service: MemoryService, admin: TestClient) -> None:
    service.store.stored_rejections.append(rejection("a", "Silent"))
    found = {one["name"]: one for one in admin.get("/v1/batches").json()["batches"]}
    assert found["batch"]["tracks"] == 240
    assert found["late"]["rejected"] == {"Silent": 1}


def test_reach_counts_lists(admin: TestClient) -> None:
    found = admin.get("/v1/reach?limit=5").json()
    assert (found["lists"], found["complete"], len(found["hubs"])) == (240, True, 5)
    counts = [one["lists"] for one in found["hubs"]]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 10  # the mean is ten


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/rejected", "/v1/reach", "/v1/listeners"])
def test_only_an_admin_is_told(anna: TestClient, path: str) -> None:
    assert anna.get(path).status_code == 403


def test_artists_and_genres_are_counted_and_found(admin: TestClient) -> None:
    artists = admin.get("/v1/artists?q=ARTIST%201&limit=3").json()
    assert artists["total"] == 15  # 1, 10 to 19, 21, 31, 41 and 51
    assert all("1" in one["name"] for one in artists["names"])
    genres = admin.get("/v1/genres").json()
    assert sum(one["tracks"] for one in genres["names"]) == 240
    assert admin.get("/v1/genres?q=genre%205").json()["names"][0]["name"] == "Genre 5"


def test_places_are_those_of_the_map_s_points(admin: TestClient) -> None:
    listed = [one["id"] for one in admin.get("/v1/tracks?limit=500").json()["tracks"]]
    found = admin.get("/v1/map/places?q=artist%207&id=000100&id=nobody").json()
    assert found["ids"] == [listed.index("000100"), None]
    wanted = [one["id"] for one in admin.get("/v1/tracks?q=artist%207&limit=500").json()["tracks"]]
    assert [listed[place] for place in found["found"]] == wanted
    assert found["total"] == len(wanted)


def test_the_map_s_points_can_have_their_genre(admin: TestClient) -> None:
    by_cluster, by_genre = admin.get("/v1/map").content, admin.get("/v1/map?by=genre").content
    genres = [one["name"] for one in admin.get("/v1/genres").json()["names"]]
    tracks = admin.get("/v1/tracks?limit=500").json()["tracks"]
    assert [genres[kind] for kind in by_genre[4::5]] == [one["genres"][0] for one in tracks]
    assert by_genre[:4] == by_cluster[:4]
