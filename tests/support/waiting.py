"""Waiting in tests for what no event tells of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, seconds: float = 20.0) -> T:
    """The first true thing that a look gives; fails when time is up."""
    async with asyncio.timeout(seconds):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(0.005)


async def eventually_true(holds: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait until something that needs no waiting itself holds."""

    async def look() -> bool:
        return bool(holds())

    await eventually(look, seconds=seconds)
