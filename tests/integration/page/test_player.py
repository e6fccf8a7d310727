"""The player and its queue: what they promise holds on every page, in every tab, and for whoever comes next."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from support.page_server import PageServer
from support.waiting import wait_until

PLAYING = "!document.getElementById('audio').paused && document.getElementById('audio').currentTime > 0"


def play(row: Locator) -> None:
    row.hover()
    row.get_by_role("button", name=re.compile("^Play ")).click()
    wait_until(lambda: row.page.evaluate(PLAYING))


def at_home(page: Page) -> Locator:
    """The rows of a listener with a list, on a page that was loaded whole."""
    page.locator(".pick").first.click()
    page.get_by_role("button", name="Show my list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For you")
    page.reload()
    return page.locator("[data-live] .row")


def now(page: Page) -> str:
    return page.locator("#now-title").inner_text()


def test_next_plays_the_next_track_and_an_emptied_queue_goes_on(server: PageServer, visit) -> None:
    page = visit(server, user="impatient")
    play(at_home(page).first)
    first = now(page)
    page.get_by_role("button", name="Next track").click()
    wait_until(lambda: now(page) != first)
    second = now(page)
    page.get_by_role("button", name="Queue", exact=True).click()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#queue-list li")).to_have_count(0)
    page.get_by_role("button", name="Next track").click()
    wait_until(lambda: now(page) not in {first, second})
    wait_until(lambda: page.evaluate(PLAYING))
    page.keyboard.press("Escape")
    expect(page.locator("#queue")).to_be_hidden()


def test_the_last_rows_menu_opens_above_the_player(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="scroller", viewport={"width": 390, "height": 700})
    play(page.locator(".row").first)
    last = page.locator(".row").last
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last.locator("summary").last.click()
    last.get_by_role("button", name=re.compile("^Never suggest this track")).click()
    expect(page.locator("#status")).to_contain_text("is never suggested again.")


def test_a_list_that_is_played_follows_the_track_that_plays_already(server: PageServer, visit) -> None:
    page = visit(server, "/artist?name=Artist 1", user="listener-of-lists")
    rows = page.locator(".row")
    play(rows.nth(0))
    page.get_by_role("button", name="Queue", exact=True).click()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).first.click()
    assert page.evaluate(PLAYING)
    expect(page.locator("#queue-list li").first).to_contain_text(rows.nth(1).get_attribute("data-title"))
    rows.nth(0).hover()
    rows.nth(0).get_by_role("button", name=re.compile("^Pause ")).click()
    wait_until(lambda: not page.evaluate(PLAYING))


def test_what_is_never_wanted_again_leaves_the_queue(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="picky")
    rows = page.locator(".row")
    play(rows.nth(0))
    row, title = rows.nth(5), rows.nth(5).get_attribute("data-title")
    row.locator("summary").last.click()
    row.get_by_role("button", name="Play next").click()
    page.get_by_role("button", name="Queue", exact=True).click()
    expect(page.locator("#queue-list li").first).to_contain_text(title)
    row.locator("summary").last.click()
    row.get_by_role("button", name="Never suggest this track").click()
    expect(page.locator("#queue-list")).not_to_contain_text(f"{title}Artist")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#status")).to_have_text(f"“{title}” may be suggested again.")


def test_the_heart_knows_what_is_liked_and_forgets_it_with_the_profile(server: PageServer, visit) -> None:
    page = visit(server, user="lover")
    liked = page.locator(".tile").first.get_attribute("data-id")
    at_home(page)
    page.goto(f"/track?id={liked}")
    page.get_by_role("button", name="Play", exact=True).first.click()
    heart = page.locator("#now-like")
    expect(heart).to_have_attribute("aria-pressed", "true")
    page.goto("/map")
    expect(heart).to_have_attribute("aria-pressed", "true")
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    assert ("clear", liked) in server.events("lover")
    page.goto("/taste")
    page.get_by_role("button", name="Erase all of it").click()
    page.get_by_role("button", name="Erase", exact=True).last.click()
    expect(page.locator("#player")).to_be_hidden()
    page.reload()
    expect(page.locator("#player")).to_be_hidden()


def test_a_like_can_be_undone_and_arrows_seek(server: PageServer, visit) -> None:
    page = visit(server, user="hasty")
    rows = at_home(page)
    liked = rows.nth(2).get_attribute("data-id")
    rows.nth(2).get_by_role("button", name=re.compile("^Like ")).click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#change")).to_contain_text("You took back your opinion of")
    assert server.events("hasty")[-1] == ("clear", liked)
    play(rows.first)
    page.locator("#seek").focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: page.evaluate("document.getElementById('audio').currentTime >= 5"))


def test_one_tab_plays_at_a_time_and_the_next_listener_finds_no_queue(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="first-of-two")
    play(page.locator(".row").first)
    other = page.context.new_page()
    other.goto("/search")
    play(other.locator(".row").nth(3))
    wait_until(lambda: not page.evaluate(PLAYING))
    assert page.request.delete("/v1/sign-in", headers={"Origin": server.address}).ok
    assert page.request.post("/v1/sign-in", data={"key": server.key("second-of-two")}).ok
    page.goto("/search")
    expect(page.locator("#player")).to_be_hidden()


def test_without_a_connection_the_page_stays_and_says_so(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="traveller-in-a-tunnel")
    page.context.set_offline(True)
    page.get_by_role("link", name="Map", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Segue does not answer.")
    assert page.locator(".row").count() > 0
