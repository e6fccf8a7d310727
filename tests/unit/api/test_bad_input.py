"""Whatever is sent, the answer says what is wrong with it, in bounded time and memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.testclient import TestClient
from starlette.types import Message

from segue_api.http import call
from segue_api.problems import ProblemError
from segue_core.contract import Role
from support.service import MemoryService

PROBLEM = "urn:segue:problem:"


@pytest.mark.parametrize(
    ("path", "status", "kind", "words"),
    [
        ("/v1/tracks/nobody-has-this", 404, "unknown-track", "has no track"),
        ("/v1/tracks?catalogue=other", 404, "unknown-catalogue", "catalogues served: fma"),
        ("/v1/tracks?catalogue=", 400, "invalid-parameter", "length >= 1"),
        ("/v1/tracks?limit=0", 400, "invalid-parameter", ">= 1"),
        ("/v1/tracks?limit=1000000000", 400, "invalid-parameter", "<= 500"),
        ("/v1/tracks?limit=1e3", 400, "invalid-parameter", "int"),
        ("/v1/tracks?limit=NaN", 400, "invalid-parameter", "int"),
        ("/v1/tracks?limit=5&limit=6", 400, "invalid-parameter", "twice"),
        ("/v1/tracks?offset=-1", 400, "invalid-parameter", ">= 0"),
        ("/v1/tracks?offset=99999999999999999999999", 400, "invalid-parameter", "offset"),
        ("/v1/tracks?limits=5", 400, "invalid-parameter", "no such parameter; use catalogue"),
        ("/v1/tracks?year=NaN..", 400, "invalid-parameter", "not a valid range"),
        ("/v1/tracks?year=1999..1990", 400, "invalid-parameter", "is empty"),
        ("/v1/tracks?tempo=fast", 400, "invalid-parameter", "not a valid range"),
        ("/v1/tracks?genre=Genr+1", 400, "question-refused", "did you mean"),
        ("/v1/tracks?q=" + "x" * 300, 400, "invalid-parameter", "length <= 200"),
        ("/v1/models/77", 404, "unknown-model", "no model 'fma:77'"),
        ("/v1/models/other:1", 404, "unknown-model", "no model 'other:1'"),
        ("/v1/models/diff?a=1&b=77", 404, "unknown-model", "fma:77"),
        ("/v1/models/diff?a=1", 400, "invalid-parameter", "parameter 'b': it is missing"),
        ("/v1/clusters/77", 404, "unknown-cluster", "it has 0, 1"),
        ("/v1/clusters/one", 400, "invalid-parameter", "int"),
        ("/v1/users/" + "u" * 600 + "/recommendations", 400, "invalid-parameter", "length <= 128"),
        ("/v1/users/a%00b/recommendations", 400, "invalid-parameter", "matching regex"),
        ("/v1/users/a%1Bb/profile", 400, "invalid-parameter", "matching regex"),
        ("/v1/users/anna/mixes?limit=101", 400, "invalid-parameter", "<= 100"),
        ("/v1/path?start=000001&end=000001", 400, "question-refused", "two different tracks"),
        ("/v1/path?start=000001&end=000002&count=101", 400, "invalid-parameter", "<= 100"),
        ("/v1/nothing", 404, "no-such-path", "openapi.json"),
    ],
)  # fmt: skip
def test_a_bad_question_is_named(admin: TestClient, path: str, status: int, kind: str, words: str) -> None:
    answer = admin.get(path)
    assert (answer.status_code, answer.json()["type"]) == (status, PROBLEM + kind)
    assert words in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 5000


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "invalid-body"),
        (b"{", 400, "invalid-body"),
        (b"null", 400, "invalid-body"),
        (b'{"events": []}', 400, "invalid-body"),
        (b'{"events": [NaN]}', 400, "invalid-body"),
        (b'{"events": [{"type": "like", "trackId": "000001", "context": {"score": NaN}}]}', 400, "invalid-body"),
        (b'{"events": [{"type": "play", "trackId": "000001", "positionMs": 1e400}]}', 400, "invalid-body"),
        (b'{"events": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, "invalid-body"),
        (b'{"events": [' + b"[" * 50_000 + b"]" * 50_000 + b"]}", 400, "invalid-body"),
        (b'{"events": [\xff\xfe]}', 400, "invalid-body"),
        (b'{"events": [{"type": "like", "trackId": "\\ud800"}]}', 400, "invalid-body"),
        (b'{"events": [' + b",".join([b"{}"] * 1001) + b"]}", 400, "invalid-body"),
        (b'{"events": [' + b" " * 2_000_000 + b"]}", 413, "body-too-large"),
    ],
)
def test_a_bad_body_is_refused(anna: TestClient, body: bytes, status: int, kind: str) -> None:
    answer = anna.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (status, PROBLEM + kind)
    assert len(answer.content) < 5000


def test_a_body_without_a_stated_length_is_bounded_too(anna: TestClient) -> None:
    answer = anna.post("/v1/events", content=(b" " * 100_000 for _ in range(30)))
    assert answer.status_code == 413


def test_a_body_that_is_not_json_is_refused(anna: TestClient) -> None:
    answer = anna.post("/v1/events", content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 415


async def test_a_body_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "BODY_SECONDS", 0.01)

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    request = Request({"type": "http", "method": "POST", "headers": []}, never)
    with pytest.raises(ProblemError, match="did not arrive within") as raised:
        await call.read_body(request)
    assert raised.value.document.status == 408


def test_a_method_that_a_path_does_not_have_is_named(admin: TestClient) -> None:
    answer = admin.delete("/v1/tracks")
    assert (answer.status_code, answer.json()["type"]) == (405, PROBLEM + "method-not-allowed")
    assert "GET" in answer.headers["allow"]


def session(client: TestClient, **body: Any) -> Any:
    return client.post("/v1/session/recommendations", json=body)


def test_a_session_needs_nothing_stored(anna: TestClient) -> None:
    found = session(anna, likes=["000005"], dislikes=["000006"], limit=5).json()
    assert len(found["hits"]) == 5
    assert found["hits"][0]["because"]["id"] == "000005"
    assert session(anna, preferences={"genres": ["Genre 3"]}).json()["hits"]
    assert session(anna).json()["hits"]


def test_a_seed_that_is_liked_and_disliked_is_refused(anna: TestClient) -> None:
    answer = session(anna, likes=["000005"], dislikes=["000005"])
    assert answer.status_code == 400
    assert "both liked and disliked" in answer.json()["detail"]


def test_unknown_likes_of_a_session_are_passed_over(anna: TestClient) -> None:
    assert session(anna, likes=["000005", "nobody has this"]).json()["tastes"] == [["000005"]]


def test_a_listener_who_dislikes_everything_gets_an_answer(service: MemoryService) -> None:
    service.serve("small", 40)
    bob = service.client(Role.LISTENER, "bob")
    events = [{"type": "dislike", "trackId": f"{number:06d}"} for number in range(40)]
    assert bob.post("/v1/events?catalogue=small", json={"events": events}).status_code == 202
    answer = bob.get("/v1/users/bob/recommendations?catalogue=small")
    assert answer.status_code == 200
    assert (answer.json()["hits"], bool(answer.json()["note"])) == ([], True)


def test_filters_that_leave_nothing_say_so(anna: TestClient) -> None:
    answer = anna.get("/v1/users/anna/recommendations?tempo=..20")
    assert (answer.status_code, answer.json()["hits"]) == (200, [])
    assert "tempo" in answer.json()["note"]


def test_exclusions_and_the_queue_are_not_in_the_list(anna: TestClient) -> None:
    anna.post("/v1/events", json={"events": [{"type": "like", "trackId": "000005"}]})
    best = [hit["track"]["id"] for hit in anna.get("/v1/users/anna/recommendations?limit=4").json()["hits"]]
    wanted = {"exclude": best[:2], "queue": best[2:]}
    answer = anna.get("/v1/users/anna/recommendations", params=wanted).json()
    assert not set(best) & {hit["track"]["id"] for hit in answer["hits"]}
    assert answer["dropped"]["omitted"] == 2
    assert answer["dropped"]["queued"] >= 2


def test_too_many_waiting_questions_are_refused_at_once() -> None:
    busy = MemoryService(queue=1)
    busy.serve()
    busy.service.compute._queue = 0
    answer = busy.client().get("/v1/tracks")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["type"] == PROBLEM + "busy"


@pytest.fixture(scope="module")
def shared() -> TestClient:
    made = MemoryService()
    made.serve()
    return made.client()


@settings(max_examples=150)
@given(body=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_body_is_an_unexpected_failure(shared: TestClient, body: bytes) -> None:
    for path in ("/v1/events", "/v1/session/recommendations"):
        assert shared.post(path, content=body).status_code < 500
