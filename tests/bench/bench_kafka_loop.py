"""How long Kafka's network thread waits for Python in a busy process: python tests/bench/bench_kafka_loop.py.

The client's loop, with tasks that do what a request does (ten system calls, each of which gives up Python's lock),
beside threads that compute. Prints, for several switch intervals, how often the client says that a task blocks its
loop, and the slowest task's time by the clock and on the processor. No broker is needed.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from kafka.net import selector

COMPUTING = 2
TASKS = 300
CALLS = 10
INTERVALS = (0.005, 0.001)


class Warnings(logging.Handler):
    """Counts what the client says about its loop."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.count += "blocking the event loop" in record.getMessage()


def timed(step: Callable[..., Any], times: list[tuple[float, float]]) -> Callable[..., Any]:
    """The same step, which notes its time by the clock and on the processor."""

    def call(task: object, *arguments: object) -> object:
        clock, processor = time.perf_counter(), time.thread_time()
        try:
            return step(task, *arguments)
        finally:
            times.append((time.perf_counter() - clock, time.thread_time() - processor))

    return call


def measure(interval: float) -> None:
    """Print one line."""
    warnings, times, done, stopping = Warnings(), [], threading.Event(), threading.Event()
    logging.getLogger("kafka").addHandler(warnings)
    sys.setswitchinterval(interval)
    step = selector.Task.__call__
    selector.Task.__call__ = timed(step, times)
    reading, writing = os.pipe()
    loop = selector.NetworkSelector()

    async def requests() -> None:
        for _ in range(TASKS):
            for _ in range(CALLS):
                os.write(writing, bytes(100))
            os.read(reading, 1 << 16)
            await loop.sleep(0.01)
        done.set()

    def compute() -> None:
        while not stopping.is_set():
            sum(number * number for number in range(10_000))

    loop.start()
    for _ in range(COMPUTING):
        threading.Thread(target=compute, daemon=True).start()
    begun = time.perf_counter()
    loop.call_soon(requests())
    loop.wakeup()
    done.wait(120)
    seconds = time.perf_counter() - begun
    stopping.set()
    loop.stop()
    selector.Task.__call__ = step
    logging.getLogger("kafka").removeHandler(warnings)
    clock, processor = max(times)
    print(
        f"switch interval {1000 * interval:.0f} ms: {TASKS} tasks in {seconds:.1f} s, {warnings.count} warnings; "
        f"the slowest took {1000 * clock:.0f} ms by the clock, {1000 * processor:.1f} ms on the processor"
    )


if __name__ == "__main__":
    for switch_interval in INTERVALS:
        measure(switch_interval)
