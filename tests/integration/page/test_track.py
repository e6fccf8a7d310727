"""A track's own page: its spectrogram, made by the browser of the audio that it can play; what is estimated of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from support.page_server import PageServer

TWO_TONES = """async () => {
  const { describe, melPowers, paint, EDGES, RATE } = await import("/static/spectrogram.js");
  const sound = Float32Array.from({ length: 8 * RATE }, (_, n) =>
    (n < 4 * RATE ? 0.5 * Math.sin(2 * Math.PI * 440 * n / RATE) : 0.1 * Math.sin(2 * Math.PI * 3000 * n / RATE)));
  const found = await melPowers([sound]);
  const strongest = column => {
    const powers = found.powers.slice(column * found.bands, (column + 1) * found.bands);
    return EDGES[powers.indexOf(Math.max(...powers)) + 1];
  };
  const silent = describe(await melPowers([new Float32Array(RATE)]));
  const short = await melPowers([new Float32Array(3)]);
  return {
    early: strongest(Math.floor(found.columns / 4)), late: strongest(Math.floor((3 * found.columns) / 4)),
    said: describe(found), silent: silent.isSilent, columns: short.columns, picture: paint(found).slice(0, 22),
  };
}"""


def test_bands_are_where_the_tones_are(server: PageServer, visit) -> None:
    found = visit(server, "/playlists", user="engineer").evaluate(TWO_TONES)
    assert abs(found["early"] - 440) < 25
    assert abs(found["late"] - 3000) < 120
    assert abs(found["said"]["hertz"] - 440) < 25
    assert found["said"]["loudest"] < 0.5
    assert (found["silent"], found["columns"]) == (True, 1)
    assert found["picture"] == "data:image/webp;base64"


def test_a_spectrogram_is_drawn_when_it_is_opened_and_from_then_on(server: PageServer, visit) -> None:
    asked = []
    page = visit(server, "/track?id=000003", user="viewer")
    page.on("request", lambda request: asked.append(request.url) if "/audio" in request.url else None)
    page.get_by_text("Spectrogram", exact=True).click()
    image = page.locator(".spectrogram img")
    expect(image).to_have_attribute("alt", re.compile("^Spectrogram: 0:12 from left to right"))
    hertz = int(re.search(r"strongest near (\d+) Hz", image.get_attribute("alt")).group(1))
    assert abs(hertz - 220) < 25  # the tone in the file
    page.locator("section .row-title").first.click()
    expect(page).not_to_have_url(re.compile("id=000003"))
    expect(page.locator(".spectrogram .note")).to_contain_text("strongest near")
    page.go_back()
    expect(page).to_have_url(re.compile("id=000003"))
    expect(image).to_be_visible()
    assert len(asked) == 2  # what was drawn once is kept


def test_what_cannot_be_drawn_is_said(server: PageServer, visit) -> None:
    page = visit(server, "/track?id=000004", user="viewer")
    page.route("**/audio*", lambda route: route.fulfill(body=b"no music", content_type="audio/wav"))
    page.get_by_text("Spectrogram", exact=True).click()
    expect(page.locator(".spectrogram .note")).to_contain_text("does not know the format")
    expect(page.locator(".spectrogram img")).to_be_hidden()


def test_words_of_the_first_visit_narrow_the_first_list(server: PageServer, visit) -> None:
    page = visit(server, user="describer")
    page.get_by_text("Or what it should sound like").click()
    page.get_by_text("guitar", exact=True).click()
    page.get_by_role("button", name="Show my list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("For you")
    ids = page.locator("[data-live] [data-track]").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert {int(one) % 5 for one in ids} == {1}
    page.get_by_role("link", name="Show everything").click()
    expect(page.locator(".tile")).to_have_count(12)
