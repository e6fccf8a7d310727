"""The map: points, names, search, colours, a table with the same content."""

from __future__ import annotations

import base64

from playwright.sync_api import Page, expect

from support.large_map import MANY, PICKS
from support.page_server import PageServer
from support.waiting import poll, wait_until

CENTRE = "document.getElementById('map-points').getBoundingClientRect()"


BRIGHT = """async data => {
  const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data: pixels } = context.getImageData(0, 0, image.width, image.height);
  let bright = 0;
  for (let i = 0; i < pixels.length; i += 4) bright += Math.max(pixels[i], pixels[i + 1], pixels[i + 2]) > 110;
  return bright;
}"""
"""Pixels of a screenshot that are clearly brighter than the map's background."""


def bright_pixels(page: Page) -> int:
    shot = page.locator("#map-points").screenshot(scale="css")
    return page.evaluate(BRIGHT, base64.b64encode(shot).decode())


def point(page: Page) -> tuple[float, float]:
    """Where a track is drawn: it is asked for by its mark."""
    mark = page.locator("#map-line circle.found")
    expect(mark).to_have_count(1)
    box = poll(mark.bounding_box, what="place of the mark", seconds=60)  # it is drawn again with the map
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_points_are_drawn_named_and_played(server: PageServer, visit) -> None:
    page = visit(server, "/map?id=000010", user="looker")
    expect(page.locator("#map-line circle.found")).to_have_count(1)
    assert bright_pixels(page) > 500
    x, y = point(page)
    page.mouse.move(x, y)
    expect(page.locator("#map-hover")).to_contain_text("Track 10")
    page.mouse.click(x, y)
    expect(page.locator("#now-title")).to_have_text("Track 10")


def test_a_search_highlights_and_colours_change(server: PageServer, visit) -> None:
    page = visit(server, "/map", user="searcher")
    page.get_by_label("Highlight").fill("Artist 59")
    page.get_by_role("button", name="Find").click()
    total = page.request.get("/v1/tracks?q=artist%2059").json()["total"]
    expect(page.locator("#map-note")).to_have_text(f"{total} of 240 tracks are highlighted.")
    page.get_by_text("Genres", exact=True).click()
    expect(page.get_by_role("list", name="Genres")).to_be_visible()
    expect(page.get_by_role("list", name="Clusters")).to_be_hidden()


def test_it_moves_and_zooms_by_mouse_and_keys(server: PageServer, visit) -> None:
    page = visit(server, "/map?id=000010", user="mover")
    before = point(page)
    page.locator("#map-points").focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: point(page)[0] < before[0] - 30)
    page.get_by_role("button", name="All").click()
    whole = settled(page)
    page.mouse.move(whole[0] + 200, whole[1])
    page.mouse.wheel(0, -400)
    wait_until(lambda: whole[0] - point(page)[0] > 50)


def settled(page: Page) -> tuple[float, float]:
    """Where the mark is once two frames have been drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return point(page)


def test_a_hundred_thousand_points_are_drawn_and_the_nearest_is_found_exactly(server: PageServer, visit) -> None:
    page = visit(server, "/map/table", user="measurer")
    found = page.evaluate(PICKS, {"count": MANY, "asked": 200})
    assert found["drawn"] > 1000
    assert found["hits"] > 50  # some places are empty, and then there is nothing to find
    assert found["wrong"] == []


def test_the_table_has_the_same_tracks(server: PageServer, visit) -> None:
    page = visit(server, "/map", user="reader")
    page.get_by_role("link", name="As a table").click()
    expect(page.locator("tbody tr")).to_have_count(100)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("101 to 200 of 240")).to_be_visible()
