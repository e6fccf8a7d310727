"""Whatever a tag says is shown as text, in markup and by scripts, and leaves its neighbours alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from support.page_server import PageServer

RUN = "window.wasRun = true"
NAMES = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f'" onmouseover="{RUN}" data-x="',
    f"' autofocus onfocus='{RUN}",
    "\u202eesrever\u2066 \u2067",
    "</title></bdi></li><h1>Hello</h1>",
    "{{ 7 * 7 }}{% raw %}",
    f"javascript:{RUN}",
    "a & b &amp; c?x=1#y/../%2e%2e",
    "\u0000\u0007nul",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    with PageServer(tmp_path_factory.mktemp("hostile"), count=60, titles=NAMES) as started:
        yield started


def test_names_are_text_on_every_page(hostile: PageServer, visit) -> None:
    page = visit(hostile, "/search", user="victim")
    for place, name in enumerate(NAMES):
        page.goto(f"/track?id={place:06d}")
        shown = page.get_by_role("heading", level=1)
        assert shown.evaluate("one => one.textContent") == name.replace("\u0000", "")
        page.locator(".hero .by a").first.click()  # the artist
        expect(page.locator("main h1")).to_have_count(1)
        expect(page).to_have_title(re.compile(" · Segue$"))
    page.goto("/map")
    page.goto("/map/table")
    assert page.evaluate("window.wasRun") is None


def test_names_in_what_scripts_write(hostile: PageServer, visit) -> None:
    page = visit(hostile, "/search?offset=50", user="victim")  # the renamed ones are the last
    row = page.locator(".row").first
    row.hover()
    row.locator(".play-over").click()
    page.get_by_role("button", name="Queue", exact=True).click()
    expect(page.locator("#queue-list li").first).to_contain_text("<img src=x")
    page.locator(".row .like").nth(1).click()
    expect(page.locator("#status")).to_contain_text("<img src=x")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.wasRun") is None
