"""A browser, and the service that it looks at. Screenshots of every test are in build/screenshots."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.page_server import PageServer

CHROMIUM = os.environ.get("SEGUE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip

PATIENCE = 60_000
"""Milliseconds that a page may take; the machine may have other work."""
expect.set_options(timeout=PATIENCE)

WORDS = ("mellow", "guitar", "metal", "pop", "jazz")
"""What a network says of the tracks."""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: meanwhile playwright runs an event loop, beside which other tests could not run theirs."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: .ci/chromium installs it, or SEGUE_CHROMIUM names it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """One for all files, with a listener of its own for each test; tests of the owner's leave it as it was."""
    with PageServer(tmp_path_factory.mktemp("page"), words=WORDS) as started:
        yield started


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest, repository: Path) -> Iterator[Open]:
    """Opens a page as a listener who has signed in, or as the owner for None; fails on any error of a script."""
    contexts, problems = [], list[str]()
    shots = repository / "build" / "screenshots"

    def note(text: str) -> None:
        if not text.startswith("Failed to load resource"):  # a test may ask for what is not there
            problems.append(text)

    def visit(server: PageServer, path: str = "/", *, user: str | None = "anna", **options: Any) -> Page:
        context = browser.new_context(base_url=server.address, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        assert context.request.post("/v1/sign-in", data={"key": server.key(user)}).ok
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield visit
    for number, context in enumerate(contexts):
        for page in context.pages:
            name = re.sub(r"\W+", "-", f"{request.node.name}-{number}").strip("-")
            page.screenshot(path=shots / f"{name}.png")
        context.close()
    assert problems == []
