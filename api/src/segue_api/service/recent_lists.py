"""Lists that were answered lately: a listener who asks again, and has done nothing meanwhile, gets the same one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from segue_api.wire.tracks import HitList
from segue_core.recommend.prepared import PreparedListener

MAXIMUM_ENTRIES = 20_000
"""Lists and their hits together: nearly a thousand lists of 20, some 32 MB."""


class RecentLists:
    """The lists of one version of a catalogue; those not asked for longest are forgotten first."""

    def __init__(self, maximum: int = MAXIMUM_ENTRIES) -> None:
        self._maximum = maximum
        self._entries = 0
        self._lock = threading.Lock()
        self._lists: OrderedDict[Hashable, tuple[PreparedListener, HitList]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._lists)

    def find(self, question: Hashable, listener: PreparedListener) -> HitList | None:
        """The list that this question got from what was known of the listener; None if it got none."""
        with self._lock:
            known = self._lists.get(question)
            if known is None or known[0] is not listener:
                return None
            self._lists.move_to_end(question)
            return known[1]

    def keep(self, question: Hashable, listener: PreparedListener, answer: HitList) -> None:
        """Keep a list, in place of what the same question got before."""
        with self._lock:
            self._forget(self._lists.pop(question, None))
            self._lists[question] = listener, answer
            self._entries += 1 + len(answer.hits)
            while self._entries > self._maximum:
                self._forget(self._lists.popitem(last=False)[1])

    def _forget(self, kept: tuple[PreparedListener, HitList] | None) -> None:
        if kept is not None:
            self._entries -= 1 + len(kept[1].hits)
