"""What the pages answer without a browser: keys, headers, problems, contents."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from segue_api.page.rendering import FOLDER, PART
from segue_core.contract import Role
from segue_core.store.facts import Cover, FileFacts, Root
from support.service import MemoryService

PAGES = (
    "/", "/search", "/search?q=track", "/track?id=000003", "/pair?a=000001&b=000002", "/artist?name=artist%201",
    "/genre?name=GENRE%201", "/cluster?number=0", "/journey", "/journey?start=000001&end=000020", "/map", "/map/table",
    "/taste", "/playlists",
)  # fmt: skip
OWNER_PAGES = ("/owner", "/owner/batches", "/owner/reach")


@pytest.mark.parametrize("path", [*PAGES, "/picture?id=000003", "/journey.m3u8?start=000001&end=000020"])
def test_nothing_is_shown_without_a_key(service: MemoryService, path: str) -> None:
    client = TestClient(service.app, follow_redirects=False)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
    assert client.get(path, headers={PART: "content"}).status_code == 401


def test_a_page_without_a_key_is_no_failed_attempt(service: MemoryService) -> None:
    client = TestClient(service.app, follow_redirects=False)
    assert {client.get("/").status_code for _ in range(30)} == {303}


def test_signing_in_leads_back_to_where_one_wanted_to_be(service: MemoryService) -> None:
    answer = TestClient(service.app, follow_redirects=False).get("/track?id=a%26b")
    assert answer.headers["location"] == "/sign-in?next=%2Ftrack%3Fid%3Da%2526b"


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_no_inline_script_and_load_nothing_foreign(anna: TestClient, path: str) -> None:
    answer = anna.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=\"/static/)", answer.text)
    assert not re.search(r"(?:src|href)=\"(?!/|#)", answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_part_is_the_page_without_its_shell(anna: TestClient, path: str) -> None:
    part = anna.get(path, headers={PART: "content"})
    assert part.text.startswith("<title>")
    assert "<header" not in part.text
    assert PART in part.headers["vary"]


@pytest.mark.parametrize("path", OWNER_PAGES)
def test_the_owner_s_pages_need_an_admin(service: MemoryService, anna: TestClient, path: str) -> None:
    assert service.client().get(path).status_code == 200
    refused = anna.get(path)
    assert refused.status_code == 403
    assert "this needs a key of the role admin" in refused.text
    assert anna.get("/").text.count('href="/owner"') == 0


def test_an_ingest_key_sees_no_page(service: MemoryService) -> None:
    assert service.client(Role.INGEST).get("/").status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/track?id=nobody", 404, "There is no such track"),
        ("/artist?name=nobody", 404, "has no artist"),
        ("/mix?name=mix:taste-9", 404, "there is no such mix now"),
        ("/cluster?number=99", 404, "has no cluster 99"),
        ("/track", 400, "id"),
        ("/search?q=" + "x" * 201, 400, "q"),
        ("/?colour=red", 400, "there is no such parameter"),
        ("/?catalogue=other", 404, "there is no catalogue"),
    ],
)
def test_a_problem_is_a_page_in_words(anna: TestClient, path: str, status: int, says: str) -> None:
    answer = anna.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert says in answer.text


def test_a_path_that_there_is_not_is_a_page_for_browsers_and_a_document_for_programs(anna: TestClient) -> None:
    page = anna.get("/nowhere", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, "nothing is at" in page.text) == (404, True)
    for path, accept in (("/nowhere", "*/*"), ("/v1/nowhere", "text/html")):
        answer = anna.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:segue:problem:no-such-path")


def test_of_several_catalogues_one_is_shown_and_the_others_are_offered(service: MemoryService) -> None:
    service.serve("other", 60)
    answer = service.client().get("/search?catalogue=other")
    assert 'data-catalogue="other"' in answer.text
    assert 'href="/?catalogue=fma"' in answer.text
    assert "/track?id=000001&amp;catalogue=other" in answer.text


def test_scripts_and_styles_are_served_with_the_same_policy(anna: TestClient) -> None:
    for path in (FOLDER / "static").iterdir():
        answer = TestClient(anna.app).get(f"/static/{path.name}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert anna.get("/static/../rendering.py").status_code == 404
    assert anna.get("/static/%2e%2e/rendering.py").status_code == 404


def test_every_file_of_a_page_is_small() -> None:
    files = [path for path in FOLDER.rglob("*.*") if path.suffix != ".pyc"]
    assert [path.name for path in files if len(path.read_text(encoding="utf-8").splitlines()) > 300] == []


def test_tracks_become_a_playlist_in_their_order_without_those_that_are_gone(anna: TestClient) -> None:
    answer = anna.get("/playlist.m3u8", params={"name": "Mine", "id": ["000007", "nobody", "000003"]})
    assert answer.headers["content-type"] == "audio/x-mpegurl"
    lines = answer.text.splitlines()
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:Mine"]
    assert [line.partition(" - ")[2] for line in lines if line.startswith("#EXTINF")] == ["Track 7", "Track 3"]


def test_admins_share_a_listener_unless_their_keys_name_one(service: MemoryService) -> None:
    shared = service.client().get("/taste").text
    own = service.client(Role.ADMIN, "anna").get("/taste").text
    assert ('data-user="me"' in shared, "everybody does who has such a key" in shared) == (True, True)
    assert ('data-user="anna"' in own, "everybody does who has such a key" in own) == (True, False)


def test_a_catalogue_without_audio_says_so(anna: TestClient) -> None:
    page = anna.get("/track?id=000003").text
    assert "served without its audio files" in page
    assert 'data-action="play"' not in page


def test_a_track_shows_its_cover_and_its_facts_where_a_volume_has_them(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"music")
    (tmp_path / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\npicture")
    listed = tmp_path / "audio.json"
    listed.write_text(json.dumps({"volumes": [{"catalogue": "fma", "volume": "hostPath/m", "path": str(tmp_path)}]}))
    service = MemoryService(audio_file=listed)
    service.volumes.refresh()
    records = service.serve()
    cover = Cover(media_type="image/png", name=b"cover.png")
    file = FileFacts(
        path=b"a.mp3", root=Root(volume="hostPath/m"), size=5, suffix="mp3", bit_rate_kbps=256, cover=cover
    )
    service.store.stored_tracks[3] = msgspec.structs.replace(records[3], file=file, descriptors={"loudnessDb": -14.2})
    anna = service.client(Role.LISTENER, "anna")
    page = anna.get("/track?id=000003").text
    assert 'data-action="play"' in page
    assert "mp3 256 kbit/s" in page
    assert "-14.2 dB" in page
    picture, drawn = anna.get("/picture?id=000003"), anna.get("/picture?id=000004")
    assert (picture.headers["content-type"], picture.content[-7:]) == ("image/png", b"picture")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert "script-src 'self'" in drawn.headers["content-security-policy"]
