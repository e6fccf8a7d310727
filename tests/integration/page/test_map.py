"""The map: points, names, search, colours, a table with the same content."""

from __future__ import annotations

import struct
import zlib

from playwright.sync_api import Page, expect

from support.page_server import PageServer

CENTRE = "document.getElementById('map-points').getBoundingClientRect()"


def bright_pixels(page: Page) -> int:
    """Pixels of the map that are clearly brighter than its background."""
    data = page.locator("#map-points").screenshot(scale="css")
    width, height, channels, body = 0, 0, 3, b""
    place = 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunk = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", chunk[:8])
            channels = {2: 3, 6: 4}[chunk[9]]
        elif kind == b"IDAT":
            body += chunk
        place += length + 12
    raw, stride, before, bright = zlib.decompress(body), width * channels, bytearray(width * channels), 0
    for row in range(height):
        line = bytearray(raw[row * (stride + 1) + 1 : (row + 1) * (stride + 1)])
        _unfilter(raw[row * (stride + 1)], line, before, channels)
        bright += sum(max(line[start : start + 3]) > 110 for start in range(0, stride, channels))
        before = line
    return bright


def _unfilter(kind: int, line: bytearray, before: bytearray, channels: int) -> None:
    for n in range(len(line)):
        left, above = line[n - channels] if n >= channels else 0, before[n]
        corner = before[n - channels] if n >= channels else 0
        if kind == 4:
            guess = left + above - corner
            order = sorted((abs(guess - one), rank, one) for rank, one in enumerate((left, above, corner)))
            line[n] = (line[n] + order[0][2]) & 255
        else:
            line[n] = (line[n] + (0, left, above, (left + above) // 2)[kind]) & 255


def point(page: Page) -> tuple[float, float]:
    """Where a track is drawn: it is asked for by its mark."""
    mark = page.locator("#map-line circle.found")
    expect(mark).to_have_count(1)
    box = mark.bounding_box()
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
    page.wait_for_timeout(100)
    assert point(page)[0] < before[0] - 30
    page.get_by_role("button", name="All").click()
    page.wait_for_timeout(100)
    whole = point(page)
    page.mouse.move(whole[0] + 200, whole[1])
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(200)
    assert whole[0] - point(page)[0] > 50


def test_the_table_has_the_same_tracks(server: PageServer, visit) -> None:
    page = visit(server, "/map", user="reader")
    page.get_by_role("link", name="The same as a table").click()
    expect(page.locator("tbody tr")).to_have_count(100)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("101 to 200 of 240")).to_be_visible()
