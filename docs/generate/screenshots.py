"""Takes the pictures of the page for the documentation: screenshots.py ADDRESS KEYFILE, of a running `segue serve`.

The service must serve the catalogue of `make demo LEARNED=1`; what the owner of the key has liked there is erased.
Install the fonts that `.ci/chromium` installs, so that the pictures look alike wherever they are taken.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

PICTURES = Path(__file__).parents[1] / "pictures"
SIZE: ViewportSize = {"width": 1200, "height": 760}
LIKES = 3
PATIENCE = 120_000
"""Milliseconds; the machine may have other work."""


def take(page: Page, name: str, path: str) -> None:
    """Save what a path shows."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"page-{name}.jpg", type="jpeg", quality=82)


def main(address: str, key: str) -> None:
    """Like something, and take every picture."""
    chromium = os.environ.get("SEGUE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(base_url=address, viewport=SIZE, reduced_motion="reduce")
        page.set_default_timeout(PATIENCE)
        page.goto(f"/sign-in#key={key}")
        page.wait_for_url(f"{address}/")
        page.request.delete("/v1/users/me/profile", headers={"Origin": address})
        take(page, "first-visit", "/")
        for place in range(LIKES):
            page.locator(".pick").nth(place * 3).click()
        page.get_by_role("button", name="Show my list").click()
        page.locator("[data-live]").first.wait_for()
        take(page, "for-you", "/")
        ends = page.locator("[data-live] [data-track]").evaluate_all("rows => rows.map(row => row.dataset.id)")
        page.goto(f"/track?id={ends[0]}")
        page.get_by_text("Spectrogram", exact=True).click()
        page.locator(".spectrogram img").wait_for()
        take(page, "track", f"/track?id={ends[0]}")
        take(page, "map", f"/map?start={ends[0]}&end={ends[-1]}")
        take(page, "owner", "/owner")
        page.request.delete("/v1/users/me/profile", headers={"Origin": address})
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]).read_text(encoding="ascii").strip())
