"""A listener's visit: choose, hear, like, skip, travel; what they do is told, and changes what they see."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from support.page_server import PageServer
from support.waiting import wait_until

PLAYING = "document.getElementById('audio').currentTime > 0.2 && !document.getElementById('audio').paused"


def choose(page: Page, count: int = 3) -> None:
    """The first visit."""
    for place in range(count):
        page.locator(".pick").nth(place).click()
    page.get_by_role("button", name="Show my list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For you")


def ids(page: Page) -> list[str]:
    return page.locator("[data-live] [data-track]").evaluate_all("rows => rows.map(row => row.dataset.id)")


def play(row: Locator) -> None:
    row.hover()
    row.get_by_role("button", name=re.compile("^Play ")).click()
    wait_until(lambda: row.page.evaluate(PLAYING))


def test_a_newcomer_chooses_and_has_a_list_at_once(server: PageServer, visit) -> None:
    page = visit(server, user="newcomer")
    expect(page.locator(".tile")).to_have_count(12)
    page.get_by_role("button", name="Show my list").click()
    expect(page.locator("#chosen")).to_have_text("Pick at least one track, genre or artist.")
    page.get_by_text("Genre 1", exact=True).click()
    page.get_by_label("Or an artist").fill("Artist 2")
    choose(page, 2)
    assert len(ids(page)) >= 10
    told = server.events("newcomer")
    assert [kind for kind, _ in told].count("like") == 2
    assert "preferences" in [kind for kind, _ in told]


def test_a_like_changes_the_list_and_says_how(server: PageServer, visit) -> None:
    page = visit(server, user="liker")
    choose(page)
    before, row = ids(page), page.locator("[data-live] .row").nth(4)
    liked = row.get_attribute("data-id")
    row.get_by_role("button", name=re.compile("^Like ")).click()
    expect(page.locator("#change")).to_contain_text("New: ")
    assert ids(page) != before
    assert liked not in ids(page)  # what one likes is known already
    expect(page.locator(".row.came")).not_to_have_count(0)
    assert ("like", liked) in server.events("liker")


def test_a_reason_opens_into_shares(server: PageServer, visit) -> None:
    page = visit(server, user="curious")
    choose(page)
    row = page.locator("[data-live] .row").first
    row.locator(".reasons summary").click()
    expect(row.get_by_role("img", name=re.compile(r"Shares of the similarity: timbre -?\d+%"))).to_be_visible()
    row.get_by_role("link", name="Why these two").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why these two")


def test_what_is_never_wanted_again_goes_and_can_return(server: PageServer, visit) -> None:
    page = visit(server, user="choosy")
    choose(page)
    row = page.locator("[data-live] .row").first
    artist, title = row.get_attribute("data-artist"), row.get_attribute("data-title")
    row.get_by_label(f"More about {title}").click()
    row.get_by_role("button", name=f"Never suggest {artist}").click()
    expect(page.locator("#change")).to_contain_text(f"“{artist}” is never suggested again.")
    assert artist not in page.locator("[data-live] .row").evaluate_all("rows => rows.map(row => row.dataset.artist)")
    page.get_by_role("link", name="Your taste").click()
    page.get_by_role("button", name=f"Allow {artist} again").click()
    expect(page.get_by_text("You have excluded nothing.")).to_be_visible()


def test_music_plays_on_while_one_browses_and_is_told(server: PageServer, visit) -> None:
    page = visit(server, user="listener")
    choose(page)
    first = page.locator("[data-live] .row").first
    heard, rank = first.get_attribute("data-id"), first.get_attribute("data-rank")
    play(first)
    page.locator("#seek").fill("300")
    wait_until(lambda: page.evaluate("document.getElementById('audio').currentTime > 3"))
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Map")
    assert page.evaluate(PLAYING)
    assert page.evaluate("navigator.mediaSession.metadata.title") == page.locator("#now-title").inner_text()
    page.get_by_role("button", name="Next track").click()
    wait_until(lambda: page.evaluate(PLAYING))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("For you")
    (skip,) = [event for event in server.memory.log.events if event.user == "listener" and event.type == "skip"]
    assert skip.track_id == heard
    assert 3000 < skip.position_ms < skip.duration_ms == 12_000
    assert (skip.context.list, skip.context.rank) == ("recommendations", int(rank))
    page.locator("#seek").fill("990")
    wait_until(lambda: "play" in [kind for kind, _ in server.events("listener")])


def test_the_queue_shows_what_comes_and_obeys(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="queuer")
    rows = page.locator(".row")
    play(rows.nth(0))
    rows.nth(5).locator("summary").click()
    rows.nth(5).get_by_role("button", name="Play next").click()
    page.get_by_role("button", name="Queue", exact=True).click()
    title = rows.nth(5).get_attribute("data-title")
    expect(page.locator("#queue-list li").first).to_contain_text(title)
    page.get_by_role("button", name=f"Remove {title} from the queue").first.click()
    expect(page.locator("#queue-list li").first).not_to_contain_text(title)
    page.reload()
    expect(page.locator("#now-title")).to_have_text(rows.nth(0).get_attribute("data-title"))
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_journey_is_drawn_played_and_saved(server: PageServer, visit, tmp_path: Path) -> None:
    page = visit(server, "/track?id=000003", user="traveller")
    page.locator(".hero summary").click()
    page.locator(".hero").get_by_role("link", name="Journey from here").click()
    page.get_by_label("Last track").fill("Track 77")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Track 77").click()
    expect(page.locator(".journey .row")).to_have_count(8)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as M3U").click()
    download.value.save_as(tmp_path / "journey.m3u8")
    lines = (tmp_path / "journey.m3u8").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "000077.flac"
    page.get_by_role("button", name="Play", exact=True).first.click()
    wait_until(lambda: page.evaluate(PLAYING))
    page.get_by_role("link", name="On the map").click()
    expect(page.locator("#map-line circle")).to_have_count(8)


def test_without_audio_a_sentence_stands_where_the_buttons_were(browser, visit, tmp_path: Path) -> None:
    with PageServer(tmp_path, count=60, plays=False) as silent:
        page = visit(silent, user="reader")
        expect(page.get_by_text("served without its audio files")).to_be_visible()
        assert page.get_by_role("button", name=re.compile("^Play")).count() == 0
        choose(page, 1)
        page.goto("/track?id=000001")
        assert page.get_by_role("button", name=re.compile("^Play")).count() == 0
