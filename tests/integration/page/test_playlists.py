"""Playlists: kept in the browser, one listener's apart from another's, and files for other players."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from support.page_server import PageServer

JOURNEY = "/journey?start=000003&end=000077&count=5"


def keep(page: Page, name: str) -> None:
    page.get_by_role("button", name="Save as a playlist").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("#status")).to_have_text(f"“{name}” is among your playlists.")


def test_a_journey_is_kept_played_saved_and_deleted(server: PageServer, visit, tmp_path: Path) -> None:
    page = visit(server, JOURNEY, user="keeper")
    ids = page.locator(".journey .row").evaluate_all("rows => rows.map(row => row.dataset.id)")
    keep(page, "Evening <b>")
    page.get_by_role("button", name="Save as a playlist").click()
    page.get_by_label("Name").fill("Evening <b>")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Playlists").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Playlists")
    page.reload()
    expect(page.locator(".playlist")).to_have_count(1)
    expect(page.locator(".playlist h2")).to_have_text("Evening <b>")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as M3U").click()
    assert download.value.suggested_filename == "Evening _b_.m3u8"
    download.value.save_as(tmp_path / "list.m3u8")
    lines = (tmp_path / "list.m3u8").read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[1], len(lines)) == ("#EXTM3U", "#PLAYLIST:Evening <b>", 2 + 2 * len(ids))
    assert [line.removesuffix(".flac") for line in lines[3::2]] == ids
    page.get_by_role("button", name="Play “Evening <b>”").click()
    expect(page.locator("#now-title")).to_have_text("Track 3")
    page.get_by_role("button", name="Delete “Evening <b>”").click()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()


def test_the_queue_is_kept_and_erasing_takes_it_away(server: PageServer, visit) -> None:
    page = visit(server, JOURNEY, user="eraser")
    page.get_by_role("button", name="Play", exact=True).first.click()
    page.get_by_role("button", name="Queue", exact=True).click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("#status")).to_have_text("“Queue” is among your playlists.")
    assert page.request.delete("/v1/sign-in", headers={"Origin": server.address}).ok
    assert page.request.post("/v1/sign-in", data={"key": server.key("another")}).ok
    page.goto("/playlists")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()  # another listener in the same browser
    assert page.request.post("/v1/sign-in", data={"key": server.key("eraser")}).ok
    page.goto("/playlists")
    expect(page.locator(".playlist")).to_have_count(1)
    page.goto("/taste")
    page.get_by_role("button", name="Erase all of it").click()
    page.get_by_role("button", name="Erase", exact=True).last.click()
    expect(page.locator("#status")).to_have_text("Your profile is erased.")
    assert page.evaluate("Object.keys(localStorage).filter(name => name.includes('eraser'))") == []
