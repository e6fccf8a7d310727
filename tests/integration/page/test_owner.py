"""The owner's view: versions, a rollback, batches and rejections, reach."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from support.page_server import PageServer


def activate(page: Page, number: int) -> None:
    page.get_by_role("button", name=f"Activate version {number}", exact=True).click()
    page.get_by_label("Reason, for who asks later").fill("a test")
    page.get_by_role("button", name="Activate", exact=True).last.click()
    expect(page.locator("#status")).to_have_text(f"Version {number} answers now.")
    expect(page.get_by_text(f"Version {number} is active")).to_be_visible()


def test_a_version_is_compared_activated_and_rolled_back(server: PageServer, visit) -> None:
    page = visit(server, "/owner", user=None)
    page.get_by_role("link", name="Compare version 2 with the active one").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("fma:1 and fma:2")
    page.get_by_role("link", name="Models", exact=True).click()
    activate(page, 2)
    assert server.memory.catalogues.served["fma"].model.number == 2
    activate(page, 1)
    assert server.memory.catalogues.served["fma"].model.number == 1
    assert server.memory.store.active["fma"].reason == "a test"


def test_a_pin_is_set_and_taken_away(server: PageServer, visit) -> None:
    page = visit(server, "/owner", user=None)
    page.get_by_role("button", name="Activate and pin version 1").click()
    page.get_by_label("Reason, for who asks later").fill("stays")
    page.get_by_role("button", name="Pin", exact=True).last.click()
    expect(page.get_by_text("no training replaces it")).to_be_visible()
    assert page.get_by_role("button", name="Activate version 2").count() == 0  # it would be refused
    page.get_by_role("button", name="Unpin version 1").click()
    page.get_by_label("Reason, for who asks later").fill("no more")
    page.get_by_role("button", name="Unpin", exact=True).last.click()
    expect(page.locator("#status")).to_have_text("Version 1 is active, and training may replace it.")
    assert not server.memory.store.active["fma"].pinned


def test_nothing_happens_if_the_question_is_cancelled(server: PageServer, visit) -> None:
    page = visit(server, "/owner", user=None)
    before = server.memory.store.active["fma"]
    page.get_by_role("button", name="Activate and pin version 2").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert server.memory.store.active["fma"] == before


def test_rejections_say_how_to_mend_them(server: PageServer, visit) -> None:
    page = visit(server, "/owner/batches", user=None)
    page.get_by_role("link", name="DecodeError 1").click()
    row = page.get_by_role("row", name="broken.mp3")
    expect(row).to_contain_text("no frame")
    expect(row).to_contain_text("copy or rip it again")


def test_reach_names_hubs(server: PageServer, visit) -> None:
    page = visit(server, "/owner/reach", user=None)
    expect(page.locator("#hubs + ol li")).to_have_count(20)


def test_a_listener_is_not_shown_the_way_and_not_let_in(server: PageServer, visit) -> None:
    page = visit(server, "/search", user="guest")
    assert page.get_by_role("link", name="Owner").count() == 0
    answer = page.request.get("/owner")
    assert answer.status == 403
