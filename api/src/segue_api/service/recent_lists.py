"""Lists that were answered lately: a listener who asks again, and has done nothing meanwhile, gets the same one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from segue_api.wire.tracks import HitList
from segue_core.recommend.prepared import PreparedListener

MAXIMUM_LISTS = 1000
"""Some 30 MB of lists of 20."""


class RecentLists:
    """The lists of one version of a catalogue; those not asked for longest are forgotten first."""

    def __init__(self, maximum: int = MAXIMUM_LISTS) -> None:
        self._maximum = maximum
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
            self._lists[question] = listener, answer
            self._lists.move_to_end(question)
            if len(self._lists) > self._maximum:
                self._lists.popitem(last=False)
