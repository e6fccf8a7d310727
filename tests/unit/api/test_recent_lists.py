"""A list is answered again only as long as nothing has changed that it is made of."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from segue_api.service.recent_lists import RecentLists
from segue_core.recommend.listener_view import ListenerView
from support.service import MemoryService

PATH = "/v1/users/anna/recommendations"


def ids(answer: Any) -> list[str]:
    return [hit["track"]["id"] for hit in answer.json()["hits"]]


def test_asking_again_computes_nothing(
    service: MemoryService, anna: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna.post("/v1/events", json={"events": [{"type": "like", "trackId": "000003"}]})
    first = anna.get(PATH)
    recommender = service.catalogues.find(None).recommender
    monkeypatch.setattr(recommender, "for_listener", lambda *_args, **_options: pytest.fail("it was computed again"))
    assert anna.get(PATH).json() == first.json()


def test_another_question_gets_another_list(anna: TestClient) -> None:
    whole = ids(anna.get(PATH, params={"limit": 9}))
    assert ids(anna.get(PATH, params={"limit": 4})) == whole[:4]
    assert whole[0] not in ids(anna.get(PATH, params={"limit": 9, "exclude": whole[0]}))


def test_an_event_changes_the_list(anna: TestClient) -> None:
    first = ids(anna.get(PATH))
    anna.post("/v1/events", json={"events": [{"type": "dislike", "trackId": first[0]}]})
    assert first[0] not in ids(anna.get(PATH))


def test_a_track_that_is_gone_is_in_no_list(service: MemoryService, anna: TestClient) -> None:
    first = ids(anna.get(PATH))
    service.catalogues.change_tracks("fma", (), [first[0]])
    assert first[0] not in ids(anna.get(PATH))


def test_lists_not_asked_for_longest_are_forgotten(service: MemoryService, anna: TestClient) -> None:
    anna.get(PATH)
    served = service.catalogues.find(None)
    listener, other = (served.recommender.prepare(ListenerView()) for _ in range(2))
    answer = next(iter(served.recent_lists._lists.values()))[1]
    lists = RecentLists(maximum=2 + 2 * len(answer.hits))
    for question in ("one", "two", "one", "two"):
        lists.keep(question, listener, answer)
    assert lists.find("one", other) is None
    assert lists.find("one", listener) is answer
    lists.keep("three", listener, answer)
    assert len(lists) == 2
    assert lists.find("two", listener) is None


def test_lists_without_hits_are_forgotten_as_well(service: MemoryService, anna: TestClient) -> None:
    recommender = service.catalogues.find(None).recommender
    listener, lists = recommender.prepare(ListenerView()), RecentLists(maximum=10)
    anna.get(PATH)
    kept = next(iter(service.catalogues.find(None).recent_lists._lists.values()))[1]
    for question in range(30):
        lists.keep(question, listener, msgspec.structs.replace(kept, hits=()))
    assert len(lists) == 10
