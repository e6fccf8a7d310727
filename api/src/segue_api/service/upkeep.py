"""What a replica does beside answering: looks at the active models and the keys, and shows how it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

from segue_api.ports import StoreUnavailableError
from segue_core.store.unreadable import UnreadableDocumentError

logger = logging.getLogger(__name__)

_PRUNE_SECONDS = 30.0


class Upkeep:
    """Does its duties in a thread of its own, one after the other, until it is stopped.

    Parameters
    ----------
    often
        Done each round.
    seldom
        Done every half minute.
    """

    def __init__(
        self,
        often: tuple[Callable[[], None], ...],
        seldom: tuple[Callable[[], None], ...],
        pause_seconds: float,
    ) -> None:
        self._often = often
        self._seldom = seldom
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End after the current duty."""
        self._stopping.set()

    def stop(self, seconds: float = 5.0) -> None:
        """End, and wait for the current duty."""
        self.ask_to_stop()
        self._thread.join(seconds)

    def _run(self) -> None:
        next_seldom = monotonic() + _PRUNE_SECONDS
        while not self._stopping.is_set():
            duties = self._often
            if monotonic() >= next_seldom:
                duties, next_seldom = (*duties, *self._seldom), monotonic() + _PRUNE_SECONDS
            for duty in duties:
                self._do(duty)
            self._stopping.wait(self._pause_seconds)

    def _do(self, duty: Callable[[], None]) -> None:
        try:
            duty()
        except (StoreUnavailableError, UnreadableDocumentError) as error:
            logger.warning("%s", error)
        except Exception:
            logger.exception("upkeep failed; going on")
