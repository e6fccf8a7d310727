"""Signing in and out: by the link, by a typed key, and what a wrong one leads to."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from support.page_server import PageServer


def stranger(browser: Browser, server: PageServer) -> Page:
    return browser.new_context(base_url=server.address).new_page()


def test_a_link_signs_in_and_leaves_no_key_behind(browser: Browser, server: PageServer) -> None:
    page, key = stranger(browser, server), server.key("anna")
    page.goto(f"/sign-in?next=/search#key={key}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Browse")
    assert key not in page.content()
    assert key not in page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    page.go_back()
    assert page.url == "about:blank"  # the link is in no history
    page.context.close()


def test_a_typed_key_leads_to_the_page_that_was_wanted_and_out_again(browser: Browser, server: PageServer) -> None:
    page = stranger(browser, server)
    page.goto("/track?id=000003")
    page.get_by_label("Key").fill("segue_nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This key is not valid")
    page.get_by_label("Key").fill(server.key("anna"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Track 3")
    page.goto("/sign-in")  # who has signed in already goes on
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    page.goto("/taste")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.context.close()


def test_signing_in_leads_to_no_other_site(browser: Browser, server: PageServer) -> None:
    for there in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        page = stranger(browser, server)
        page.goto(f"/sign-in?next={there}#key={server.key('anna')}")
        page.wait_for_url(f"{server.address}/")
        page.context.close()
