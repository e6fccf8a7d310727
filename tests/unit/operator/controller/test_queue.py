"""The work queue: no key twice at once, none lost, retries back off."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.controller.queue import WorkQueue
from support.waiting import eventually_true


def queue() -> WorkQueue[str]:
    return WorkQueue(random=lambda: 0.0)


async def test_added_twice_is_processed_once() -> None:
    work = queue()
    work.add("a")
    work.add("a")
    assert await work.get() == "a"
    work.done("a")
    assert work.is_idle


async def test_added_while_processed_is_processed_again_but_not_at_once() -> None:
    work = queue()
    work.add("a")
    await work.get()
    work.add("a")
    work.add("a")
    assert len(work) == 0
    work.done("a")
    assert await work.get() == "a"
    work.done("a")
    assert work.is_idle


async def test_the_shortest_of_several_delays_counts() -> None:
    work = queue()
    work.add_after("a", 60)
    work.add_after("a", 0.01)
    work.add_after("a", 30)
    async with asyncio.timeout(5):
        assert await work.get() == "a"
    work.done("a")
    work.close()


async def test_retries_back_off_until_the_key_is_forgotten() -> None:
    work = queue()
    assert [work.add_failed("a") for _ in range(4)] == [1, 2, 4, 8]
    work.forget("a")
    assert work.add_failed("a") == 1
    work.close()


async def test_first_conflict_is_tried_at_once_and_the_next_backs_off() -> None:
    work = queue()
    assert work.add_failed("a", first_at_once=True) == 0
    assert len(work) == 1
    assert work.add_failed("a", first_at_once=True) == 2
    work.close()


async def test_patience_that_the_server_asks_for_is_kept() -> None:
    work = queue()
    assert work.add_failed("a", at_least_seconds=30) == 30
    work.close()


async def test_cancelled_getter_leaves_the_key_to_another() -> None:
    work = queue()
    first = asyncio.ensure_future(work.get())
    second = asyncio.ensure_future(work.get())
    await asyncio.sleep(0)
    work.add("a")
    first.cancel()
    async with asyncio.timeout(5):
        assert await second == "a"


class Measured:
    def __init__(self) -> None:
        self.depths: list[int] = []
        self.latencies: list[float] = []
        self.retries = 0

    def queue_depth(self, keys: int) -> None:
        self.depths.append(keys)

    def queue_latency(self, seconds: float) -> None:
        self.latencies.append(seconds)

    def queue_retry(self) -> None:
        self.retries += 1


async def test_depth_latency_and_retries_are_reported() -> None:
    metrics = Measured()
    work: WorkQueue[str] = WorkQueue(random=lambda: 0.0, metrics=metrics)
    work.add("a")
    work.add("b")
    await work.get()
    work.add_failed("c")
    work.close()
    assert metrics.depths == [1, 2, 1]
    assert len(metrics.latencies) == 1
    assert metrics.retries == 1


@pytest.mark.parametrize("workers", [1, 3])
@given(keys=st.lists(st.sampled_from("abcd"), max_size=30))
def test_no_key_is_in_two_workers_and_the_last_add_is_always_seen(workers: int, keys: list[str]) -> None:
    async def scenario() -> None:
        work = queue()
        version: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        busy: set[str] = set()

        async def worker() -> None:
            while True:
                key = await work.get()
                assert key not in busy
                busy.add(key)
                read = version[key]
                await asyncio.sleep(0)
                seen[key] = read
                busy.discard(key)
                work.done(key)

        tasks = [asyncio.ensure_future(worker()) for _ in range(workers)]
        for number, key in enumerate(keys):
            version[key] += 1
            work.add(key)
            if number % 3 == 0:
                await asyncio.sleep(0)
        await eventually_true(lambda: work.is_idle)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert seen == version

    asyncio.run(scenario())
