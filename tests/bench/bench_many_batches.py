"""Many batches at once on one machine, with the broker killed in the middle: all succeed, and nothing is lost.

    python tests/bench/bench_many_batches.py [--batches 100] [--tracks 3]

It applies so many one-shard batches with one ``segue apply``, kills Kafka when a third of them have ended, and prints
how many succeeded, how many worked at the same time at most, and whether listed = stored + rejected.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.cluster.api_server.object_files import read_objects
from segue.servers.session import open_database
from segue.state import State
from segue_core.store.database import Collection
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.batch_queue import holds_place, waits_for_place
from support.pipeline import Segue, batch_of, make_music

Batches = dict[str, dict[str, Any]]


def batches_of(state: Path) -> Batches:
    """The batches as the state directory has them at this moment."""
    return {Key.of(found).name: found for found in read_objects(state) if found["kind"] == Kind.TRACK_BATCH}


class Watch:
    """What was seen while the batches worked."""

    def __init__(self, state: Path, count: int) -> None:
        self._state = state
        self._count = count
        self._told = ""
        self.most_active = 0

    def ended(self) -> int:
        """How many batches have ended; looked at once a second."""
        time.sleep(1)
        batches = batches_of(self._state).values()
        active = sum(map(holds_place, batches))
        self.most_active = max(self.most_active, active)
        ended, waiting = sum(map(is_finished, batches)), sum(map(waits_for_place, batches))
        line = f"{ended} of {self._count} have ended, {active} work, {waiting} queue"
        if line != self._told:
            print(line, flush=True)
            self._told = line
        return ended


def account(batches: Batches) -> Counter[str]:
    """Counts of all batches together."""
    total: Counter[str] = Counter()
    for batch in batches.values():
        total.update((batch.get("status") or {}).get("tracks") or {})
    return total


def run(folder: Path, count: int, tracks: int) -> bool:
    """Apply the batches, kill the broker, and print the account; whether all is as it should be."""
    music = make_music(folder / "music", tracks)
    segue = Segue(folder)
    watch = Watch(segue.state, count)
    began = time.monotonic()
    with segue.begin_apply(*(batch_of(music, f"songs-{number:03d}") for number in range(count))) as running:
        running.wait_until(lambda: watch.ended() >= count // 3, seconds=60.0 * count)
        running.kill("kafka.Kafka")
        print("Kafka is killed", flush=True)
        while running.process.poll() is None:
            watch.ended()
        code = running.wait()
    batches = batches_of(segue.state)
    phases = Counter(batch["status"]["phase"] for batch in batches.values())
    counts = account(batches)
    with open_database(State(segue.state), {}) as target:
        stored = target[Collection.TRACKS].count_documents({})
    print(f"{time.monotonic() - began:.0f} s, exit code {code}, at most {watch.most_active} at the same time")
    print(f"phases: {dict(phases)}")
    print(f"listed {counts['listed']} = stored {counts['stored']} + rejected {counts['rejected']}; documents: {stored}")
    is_whole = counts["listed"] == counts["stored"] + counts["rejected"] == count * tracks
    return is_whole and counts["stored"] == stored and phases == {"Succeeded": count} and code == 0


def main() -> None:
    """Run it in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--tracks", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if run(Path(folder), options.batches, options.tracks) else 1)


if __name__ == "__main__":
    main()
