"""The map with many points in a browser: what a frame and a hover cost, and how soon it is drawn.

    python tests/bench/bench_map.py [--points 100000] [--frames 240] [--gpu]

It opens the page in Chromium, gives the map's own module a catalogue of that many points, and moves and zooms over it.
Processor time is that of the page's main thread, as Chromium counts it; the difference between a run with and one
without frames (or picks) is their cost. Without --gpu, Chromium draws with SwiftShader, on the processor: the time of a
whole frame is then that of drawing in software, and a graphics card needs a small part of it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.large_map import TIMES
from support.page_server import PageServer

SOFTWARE = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PICKS = 20_000


def measure(page: Page, points: int, *, frames: int = 0, picks: int = 0) -> tuple[dict[str, Any], float]:
    """What the page says of itself, and its main thread's processor time in milliseconds."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(one["value"]) for one in found if one["name"] == "TaskDuration")

    before = spent()
    found = page.evaluate(TIMES, {"count": points, "frames": frames, "asked": picks})
    return found, spent() - before


def main() -> None:
    """Measure, and print a line for each thing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--gpu", action="store_true", help="let Chromium use a graphics card")
    wanted = parser.parse_args()
    with (
        PageServer(Path(tempfile.mkdtemp()), count=60) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", *([] if wanted.gpu else SOFTWARE)],
        ) as browser,
    ):
        page = browser.new_page(base_url=server.address, viewport={"width": 1280, "height": 860})
        page.request.post("/v1/sign-in", data={"key": server.key("bench")})
        page.goto("/map/table")
        measure(page, wanted.points, frames=30, picks=PICKS)  # compiles
        _, idle = measure(page, wanted.points)
        found, drawing = measure(page, wanted.points, frames=wanted.frames)
        asked, picking = measure(page, wanted.points, picks=PICKS)
    print(f"{wanted.points:,} points, drawn by {found['renderer']}")
    print(f"prepare the points: {found['load']:.0f} ms; first frame after that: {found['first']:.0f} ms")
    print(f"script of a frame: {(drawing - idle) / wanted.frames:.2f} ms of processor time")
    print(f"whole frame: median {statistics.median(found['whole']):.1f} ms, least {min(found['whole']):.1f} ms")
    print(f"pick under the pointer: {(picking - idle) / PICKS:.4f} ms, {asked['picks'] / PICKS:.4f} ms by the clock")


if __name__ == "__main__":
    main()
