"""A time limit for calls that have none of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Result of a call that may hang. A call that is too late continues on a daemon thread, which nobody waits for.

    Raises
    ------
    TimeoutError
        The call did not return in time.
    """
    result: Future[T] = Future()

    def work() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            result.set_exception(error)

    threading.Thread(target=work, name="within", daemon=True).start()
    return result.result(timeout=seconds)
