"""More batches at once than the nodes have room for, and the broker deleted among them.

``SEGUE_MANY_BATCHES`` is their number: 12 by default, 100 to see what a crowd does.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from segue_operator.children.config import ACTIVE_BATCHES
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.constants import Component, Label
from segue_operator.reconcile.batch_queue import holds_place, waits_for_place
from support.end_to_end import BROKER_LABELS, DATABASE, System, track_batch, unique
from support.kubectl import Manifest
from support.waiting import poll

pytestmark = pytest.mark.cluster

COUNT = int(os.environ.get("SEGUE_MANY_BATCHES", "12"))
SECONDS_EACH = 60.0
LABEL = "segue.dev/crowd"


class Crowd:
    """Batches that were applied at once."""

    def __init__(self, system: System, progress: Callable[[str], None]) -> None:
        self._system = system
        self._progress = progress
        self._told: tuple[int, ...] = ()
        self.name = unique("crowd")
        self.names = [f"{self.name}-{number:03d}" for number in range(COUNT)]
        self.most_active = 0
        self.sinks: set[str] = set()
        """UIDs of all sinks that were seen."""

    def apply(self) -> None:
        """Apply all of them with one ``kubectl apply``."""
        batches = [track_batch(name, name, shards=1, parallelism=1) for name in self.names]
        for batch in batches:
            batch["metadata"]["labels"] = {LABEL: self.name}
        self._system.kubectl.apply(*batches)

    def look(self) -> list[Manifest]:
        """All of them, at this moment."""
        batches = self._system.kubectl.list("trackbatches", {LABEL: self.name})
        counts = tuple(sum(map(holds, batches)) for holds in (is_finished, holds_place, waits_for_place))
        self.most_active = max(self.most_active, counts[1])
        labels = {str(Label.COMPONENT): str(Component.SINK)}
        self.sinks |= {sink["metadata"]["uid"] for sink in self._system.kubectl.list("deployments", labels)}
        if counts != self._told:
            self._progress("{} have ended, {} work, {} queue".format(*counts))
            self._told = counts
        return batches

    def until_ended(self, count: int) -> list[Manifest]:
        """Wait until so many have ended."""

        def enough() -> list[Manifest]:
            batches = self.look()
            return batches if sum(map(is_finished, batches)) >= count else []

        return poll(enough, what=f"the end of {count} batches", seconds=SECONDS_EACH * COUNT, interval=2)

    def documents(self) -> int:
        """How many of their tracks the database has."""
        with self._system.database() as client:
            return client[DATABASE]["tracks"].count_documents({"catalogue": {"$in": self.names}})


def test_many_batches_at_once_outlive_their_broker(system: System, progress: Callable[[str], None]) -> None:
    crowd = Crowd(system, progress)
    crowd.apply()
    crowd.until_ended(COUNT // 3)
    system.kubectl.delete("pod", system.kubectl.running_pod(BROKER_LABELS), wait=False)
    progress("the broker is deleted")
    batches = crowd.until_ended(COUNT)
    assert Counter(batch["status"]["phase"] for batch in batches) == {"Succeeded": COUNT}
    for batch in batches:
        tracks = batch["status"]["tracks"]
        assert tracks["listed"] == tracks["stored"] + tracks["rejected"], batch["metadata"]["name"]
    stored = sum(batch["status"]["tracks"]["stored"] for batch in batches)
    progress(f"{stored} tracks are stored, at most {crowd.most_active} batches worked at the same time")
    assert crowd.documents() == stored > 0
    assert crowd.most_active <= ACTIVE_BATCHES
    assert len(crowd.sinks) == 1, "one sink serves all of them, from the first to the last"
    system.kubectl.run("delete", "trackbatches", "--selector", f"{LABEL}={crowd.name}")
