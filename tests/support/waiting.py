"""Waiting in tests for what no event reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, seconds: float = 20.0, pause: float = 0.005) -> T:
    """The first true thing that a look gives, with a pause between looks; fails when time is up."""
    async with asyncio.timeout(seconds):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(pause)


async def eventually_true(holds: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait until something that needs no waiting itself holds."""

    async def look() -> bool:
        return bool(holds())

    await eventually(look, seconds=seconds)


def poll(look: Callable[[], T | None], *, what: str, seconds: float, interval: float = 0.3) -> T:
    """The first true thing that a look at something slow gives; fails, naming it, when time is up."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"no {what} after {seconds:.0f} s")
        time.sleep(interval)


def wait_until(condition: Callable[[], bool], *, seconds: float = 60.0, why: Callable[[], str] = lambda: "") -> None:
    """Wait for a condition; a limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true within {seconds:.0f} s {why()}"
        time.sleep(0.05)
