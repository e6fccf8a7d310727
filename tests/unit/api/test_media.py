"""Audio and covers over HTTP: what is sent, to whom, and what never is."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from segue_api.http import streams
from segue_core.contract import Role
from segue_core.store.facts import Cover, FileFacts, Root
from support.ogg_pages import comments, described, pages
from support.service import MemoryService

MUSIC = bytes(range(256)) * 1024
JPEG = b"\xff\xd8\xff" + b"cover" * 100
VOLUME = "hostPath/srv/music"
PROBLEM = "urn:segue:problem:"
AUDIO, COVER = "/v1/tracks/000005/audio", "/v1/tracks/000005/cover"


def file_facts(path: bytes = b"album/a.mp3", **more: Any) -> FileFacts:
    root = Root(volume=VOLUME, folder="audio")
    return FileFacts(**{"path": path, "root": root, "size": len(MUSIC), "suffix": "mp3", **more})


def give(service: MemoryService, file: FileFacts | None, place: int = 5) -> None:
    records = service.store.stored_tracks
    records[place] = msgspec.structs.replace(records[place], file=file)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    root = tmp_path / "mounted"
    (root / "audio" / "album").mkdir(parents=True)
    (root / "audio" / "album" / "a.mp3").write_bytes(MUSIC)
    (root / "audio" / "album" / "cover.jpg").write_bytes(JPEG)
    (root / "secret.mp3").write_bytes(b"secret")
    return root


@pytest.fixture
def service(tmp_path: Path, volume: Path) -> MemoryService:
    listed = tmp_path / "audio.json"
    listed.write_text(json.dumps({"volumes": [{"catalogue": "fma", "volume": VOLUME, "path": str(volume)}]}))
    made = MemoryService(audio_file=listed)
    made.volumes.refresh()
    made.serve()
    give(made, file_facts(cover=Cover(media_type="image/jpeg", name=b"cover.jpg")))
    return made


def kind(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


def test_a_file_is_sent_whole_or_in_ranges(anna: TestClient) -> None:
    whole = anna.get(AUDIO)
    assert (whole.status_code, whole.content) == (200, MUSIC)
    assert whole.headers["content-type"] == "audio/mpeg"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["accept-ranges"] == "bytes"
    assert "sandbox" in whole.headers["content-security-policy"]
    part = anna.get(AUDIO, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, MUSIC[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(MUSIC)}"
    assert anna.get(AUDIO, headers={"Range": "bytes=-7"}).content == MUSIC[-7:]
    beyond = anna.get(AUDIO, headers={"Range": f"bytes={len(MUSIC)}-"})
    assert kind(beyond) == (416, "range-not-satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(MUSIC)}"


def test_head_has_the_headers_alone_and_what_is_current_is_not_sent_again(anna: TestClient, volume: Path) -> None:
    head = anna.head(AUDIO)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(MUSIC)))
    etag = head.headers["etag"]
    again = anna.get(AUDIO, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    ranged = {"Range": "bytes=0-9", "If-Range": etag}
    assert anna.get(AUDIO, headers=ranged).status_code == 206
    (volume / "audio" / "album" / "a.mp3").write_bytes(MUSIC[1:])
    changed = anna.get(AUDIO, headers=ranged)
    assert (changed.status_code, changed.content) == (200, MUSIC[1:])


STRANGE = ("bytes=0-0,5-5", "bytes=" + "0-," * 3000, "bytes=9-1", "bytes=a-b", "x", "bytes=0-" + "9" * 4000)


@pytest.mark.parametrize("header", STRANGE)
def test_strange_ranges_are_no_ranges(anna: TestClient, header: str) -> None:
    answer = anna.get(AUDIO, headers={"Range": header})
    assert (answer.status_code, len(answer.content)) == (200, len(MUSIC))


def test_nobody_gets_audio_without_a_key_or_with_one_that_only_sends_events(service: MemoryService) -> None:
    assert kind(TestClient(service.app).get(AUDIO)) == (401, "key-needed")
    assert kind(service.client(Role.INGEST).get(AUDIO)) == (403, "not-allowed")


@pytest.mark.parametrize(
    "file",
    [
        None,
        file_facts(b"../secret.mp3"),
        file_facts(b"/etc/hostname.mp3"),
        file_facts(b"album/none.mp3"),
        file_facts(b"album/a.mp3\0.mp3"),
        file_facts(b"album/cover.jpg"),
        file_facts(b"album/.mp3/../a"),
        file_facts(root=None),
        file_facts(root=Root(volume=VOLUME, folder="..")),
        file_facts(root=Root(volume="hostPath/etc")),
    ],
)
def test_what_is_outside_the_folder_is_not_sent(
    service: MemoryService, anna: TestClient, file: FileFacts | None
) -> None:
    give(service, file)
    answer = anna.get(AUDIO)
    assert kind(answer) == (404, "audio-not-served")
    assert str(service.volumes.find("fma", Root(volume=VOLUME))) not in answer.text


@pytest.mark.parametrize("track", ["..%2f..%2fsecret.mp3", "%2fetc%2fpasswd", "nobody", "x" * 512])
def test_ids_are_no_paths(anna: TestClient, track: str) -> None:
    assert kind(anna.get(f"/v1/tracks/{track}/audio")) == (404, "unknown-track")
    assert anna.get("/v1/tracks/a%00b/audio").status_code == 400


def test_another_catalogue_does_not_reach_the_volume(service: MemoryService, admin: TestClient) -> None:
    records = service.serve("other", 60)
    place = service.store.stored_tracks.index(records[5])
    service.store.stored_tracks[place] = msgspec.structs.replace(records[5], track_id="only-here", file=file_facts())
    answer = admin.get("/v1/tracks/only-here/audio?catalogue=other")
    assert kind(answer) == (404, "audio-not-served")
    assert kind(admin.get("/v1/tracks/only-here/audio?catalogue=none")) == (404, "unknown-catalogue")


def test_without_volumes_nothing_is_sent(volume: Path) -> None:
    made = MemoryService()
    made.serve()
    give(made, file_facts())
    anna = made.client(Role.LISTENER, "anna")
    assert kind(anna.get(AUDIO)) == (404, "audio-not-served")
    assert anna.get("/v1/tracks/000005").json()["facts"]["audio"] is False


def test_the_answer_for_a_track_says_what_is_sent(anna: TestClient) -> None:
    facts = anna.get("/v1/tracks/000005").json()["facts"]
    assert (facts["audio"], facts["cover"]) == (True, True)
    facts = anna.get("/v1/tracks/000006").json()["facts"]
    assert (facts["audio"], facts["cover"]) == (False, False)


def test_the_file_of_volumes_is_read_again_and_a_damaged_one_changes_nothing(
    service: MemoryService, anna: TestClient, tmp_path: Path
) -> None:
    listed = tmp_path / "audio.json"
    good = listed.read_text()
    for damaged in ("{", "[]", '{"volumes": [{"catalogue": "fma", "volume": "v", "path": "relative"}]}', "[" * 100_000):
        listed.write_text(damaged)
        service.volumes.refresh()
        assert anna.get(AUDIO).status_code == 200
    listed.unlink()
    service.volumes.refresh()
    assert anna.get(AUDIO).status_code == 404
    listed.write_text(good)
    service.volumes.refresh()
    assert anna.get(AUDIO).status_code == 200


def test_a_cover_beside_the_file(anna: TestClient) -> None:
    answer = anna.get(COVER)
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert answer.headers["content-type"] == "image/jpeg"
    again = anna.get(COVER, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_an_embedded_cover_is_sent_as_long_as_it_is_where_it_was(
    service: MemoryService, anna: TestClient, volume: Path
) -> None:
    path = volume / "audio" / "album" / "a.mp3"
    path.write_bytes(b"ID3 and more" + JPEG + MUSIC)
    cover = Cover(media_type="image/png", offset=12, size=len(JPEG), sha256=hashlib.sha256(JPEG).hexdigest())
    give(service, file_facts(cover=cover))
    answer = anna.get(COVER)
    assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
    path.write_bytes(b"retagged" + JPEG + MUSIC)
    assert kind(anna.get(COVER)) == (404, "cover-not-served")


def test_a_cover_in_pieces_is_put_together_again(service: MemoryService, anna: TestClient, volume: Path) -> None:
    headers = pages(b"\x01vorbis", comments(described(JPEG)))
    (volume / "audio" / "album" / "a.ogg").write_bytes(headers + pages(MUSIC, granule=960))
    sha256 = hashlib.sha256(JPEG).hexdigest()
    cover = Cover(media_type="image/jpeg", size=len(headers), inside="ogg", sha256=sha256)
    give(service, file_facts(b"album/a.ogg", cover=cover))
    answer = anna.get(COVER)
    assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
    (volume / "audio" / "album" / "a.ogg").write_bytes(headers[:40] + bytes(len(headers)))
    assert kind(anna.get(COVER)) == (404, "cover-not-served")


@pytest.mark.parametrize(
    "cover",
    [
        None,
        Cover(media_type="image/jpeg", name=b"../../secret.mp3"),
        Cover(media_type="image/jpeg", name=b"a.mp3"),
        Cover(media_type="image/jpeg", name=b".."),
        Cover(media_type="image/jpeg", offset=2**60, size=10, sha256="0" * 64),
        Cover(media_type="image/jpeg", size=100),
    ],
)
def test_nothing_but_a_picture_is_sent_as_cover(service: MemoryService, anna: TestClient, cover: Cover | None) -> None:
    give(service, file_facts(cover=cover))
    assert kind(anna.get(COVER)) == (404, "cover-not-served")


def test_a_database_that_is_away_is_named(service: MemoryService, anna: TestClient) -> None:
    service.store.away = True
    assert kind(anna.get(AUDIO)) == (503, "database-unavailable")


async def _begin(service: MemoryService, token: str) -> tuple[asyncio.Task[None], asyncio.Event]:
    """A client that takes the first bytes and then no more."""
    begun, never = asyncio.Event(), asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            begun.set()
            await never.wait()

    async def receive() -> Message:
        await never.wait()
        raise AssertionError

    scope: Scope = {
        "type": "http", "method": "GET", "path": AUDIO, "raw_path": AUDIO.encode(), "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())], "client": ("127.0.0.1", 1), "scheme": "http",
        "server": ("127.0.0.1", 80), "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "root_path": "",
    }  # fmt: skip
    return asyncio.create_task(service.app(scope, receive, send)), begun


async def test_streams_are_bounded_and_a_client_that_takes_nothing_is_let_go(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STALLED_SECONDS", 0.5)
    token = service.key(Role.ADMIN).token
    begun = [await _begin(service, token) for _ in range(4)]
    await asyncio.gather(*(event.wait() for _, event in begun))
    assert service.registry.get_sample_value("segue_api_streams") == 4
    refused = await asyncio.to_thread(service.client().get, AUDIO)
    assert kind(refused) == (503, "busy")
    assert refused.headers["retry-after"] == "1"
    ended = await asyncio.gather(*(task for task, _ in begun), return_exceptions=True)
    assert all(isinstance(one, BaseException) for one in ended)
    assert service.registry.get_sample_value("segue_api_streams") == 0
    assert (await asyncio.to_thread(service.client().get, AUDIO)).status_code == 200


def test_one_listener_does_not_take_all_streams(tmp_path: Path, service: MemoryService) -> None:
    limit = streams.Streams(100, service.metrics)
    anna = service.keyring.identify(service.key(Role.LISTENER, "anna").token)
    bert = service.keyring.identify(service.key(Role.LISTENER, "bert").token)
    assert anna
    assert bert
    for _ in range(12):
        limit.begin(anna)
    with pytest.raises(Exception, match="this key receives 12 files"):
        limit.begin(anna)
    limit.begin(bert)
    limit.end(anna)
    limit.begin(anna)
