"""What a network says of tracks, on the page: where it has heard them, and nowhere else."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from segue_core.contract import Role
from support.service import MemoryService

WORDS = ("mellow", "guitar", "metal", "pop", "jazz")


@pytest.fixture(scope="module")
def listener() -> TestClient:
    service = MemoryService()
    service.serve(count=60, words=WORDS)
    return service.client(Role.LISTENER, "anna")


def test_without_a_network_there_are_no_words(anna: TestClient) -> None:
    for path in ("/", "/search", "/track?id=000003"):
        assert "estimated" not in anna.get(path).text
    refused = anna.get("/search?sounds=calm")
    assert refused.status_code == 400
    assert "No network has heard these tracks" in refused.text


def test_a_track_shows_its_words_as_estimates_that_lead_on(listener: TestClient) -> None:
    page = listener.get("/track?id=000011").text
    assert "estimated" in page
    assert re.findall(r'href="/search\?sounds=(\w+)"', page) == ["guitar"]
    assert "90%" in page


def test_words_narrow_a_search_and_a_list(listener: TestClient) -> None:
    page = listener.get("/search?sounds=guitar").text
    assert "12 tracks that sound like" in page
    assert {int(found) % 5 for found in re.findall(r'class="row" data-track data-id="(\d+)"', page)} == {1}
    assert "No track sounds like all of these words" in listener.get("/search?sounds=guitar+metal").text
    found = listener.get("/search?sounds=guitar&q=000011")
    assert "1 track that sounds like" in found.text
    chosen = listener.get("/?sounds=heavy").text  # a newcomer who says so needs no first visit
    assert "For you" in chosen
    assert {int(found) % 5 for found in re.findall(r'class="row" data-track data-id="(\d+)"', chosen)} == {2}


@pytest.mark.parametrize("path", ["/", "/search"])
def test_a_word_that_nobody_can_tell_leads_to_those_that_are_known(listener: TestClient, path: str) -> None:
    answer = listener.get(f"{path}?sounds=piano")
    assert answer.status_code == 400
    assert "No network can tell &#39;piano&#39; here." in answer.text
    assert f'href="{path}?sounds=mellow"' in answer.text


def test_the_first_visit_offers_them(listener: TestClient) -> None:
    assert listener.get("/").text.count('name="word"') == len(WORDS)
