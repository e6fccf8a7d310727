"""Every page, light and dark, wide and narrow: no violation that axe finds, and nothing wider than the screen."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from support.page_server import PageServer

PATHS = (
    "/", "/mix?name=mix:new", "/search", "/search?q=track", "/search?q=no-such-name",
    "/track?id=000003", "/pair?a=000001&b=000007", "/artist?name=Artist 1", "/genre?name=Genre 1", "/cluster?number=0",
    "/journey", "/search?sounds=guitar", "/search?sounds=piano", "/?sounds=guitar", "/playlists",
    "/journey?start=000001&end=000020", "/map?start=000001&end=000020", "/map/table", "/taste", "/owner",
    "/owner/diff?a=1&b=2", "/owner/batches", "/owner/reach", "/track?id=unknown",
)  # fmt: skip
REPEATED = ".rows > :nth-child(n+5), tbody > :nth-child(n+5), .ranking > :nth-child(n+5), .chips > :nth-child(n+9)"
IDS_TWICE = """(() => {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    return ids.filter((one, place) => ids.indexOf(one) !== place);
})()"""
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 375, "height": 740}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_in(server: PageServer, browser: Browser, scheme: Literal["light", "dark"]) -> None:
    page = browser.new_context(base_url=server.address, color_scheme=scheme).new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert violations(page) == []
    page.context.close()


def violations(page: Page) -> list[str]:
    """What axe finds; of a long list, the first rows stand for the others, which the same template made."""
    page.evaluate(f"for (const one of document.querySelectorAll('{REPEATED}')) one.remove()")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", NARROW)])
def test_pages_can_be_used_by_everybody(server: PageServer, visit, scheme: str, size: dict[str, int]) -> None:
    page = visit(server, user=None, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    problems = [f"first visit {one}" for one in violations(page)]
    own = {"Origin": server.address}
    liked = {"events": [{"type": "like", "user": "me", "trackId": "000003"}]}
    assert page.request.post("/v1/events", data=liked, headers=own).ok
    for path in PATHS:
        page.goto(path)
        page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(one => { one.open = true })")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append(f"{path} is wider than {size['width']} pixels")
        if twice := page.evaluate(IDS_TWICE):
            problems.append(f"{path} has several elements with the ids {twice}")
        page.evaluate("document.querySelectorAll('details.menu').forEach(one => { one.open = true })")
        problems += [f"{path} {one}" for one in violations(page)]
    assert problems == []
    assert page.request.delete("/v1/users/me/profile", headers=own).ok


def test_the_player_and_its_queue(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="player")
    page.locator(".row").first.hover()
    page.locator(".row .play-over").first.click()
    page.get_by_role("button", name="Queue", exact=True).click()
    expect(page.locator("#queue-list li")).not_to_have_count(0)
    assert violations(page) == []


def test_a_list_can_be_liked_by_keyboard_alone(server: PageServer, visit) -> None:
    page = visit(server, user="typist")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator(".pick input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("For you")
    like = page.locator("[data-live] .row .like").first
    like.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#change")).to_contain_text("You like")
    expect(page.locator("main")).to_be_focused()  # the row has left; the page has not
