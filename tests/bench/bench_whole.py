"""The whole way from files to clusters, beside a script that does it in the usual way, on the same servers in one run.

Usage: python tests/bench/bench_whole.py DEMO USUAL.py [--runs N]

DEMO is a folder as ``examples/fetch_music.py`` makes it: ``music`` and ``tracks.csv``. USUAL.py takes the arguments
``AUDIO METADATA.csv --kafka HOST:PORT --mongo URI``; its table has the column ``track_id``, which is a file's stem. The
two take turns. Every run of Segue gets a state, a database and topics of its own, so that nothing is done already. Wall
and processor seconds are of whole processes, without the servers.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import KafkaServer, MongoServer
from segue_core.contract import Env

MANIFESTS = Path(__file__).resolve().parents[2] / "examples" / "demo"


@dataclass(frozen=True)
class Cost:
    """Of one whole process, with all that it started."""

    wall: float
    processor: float


def measure(command: list[str], environment: dict[str, str], log: Path) -> Cost:
    """Run a command to its end; its output goes to the log."""
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(
            f"error: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}: {log.read_text()[-2000:]}"
        )
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime)


def usual_table(demo: Path, target: Path) -> None:
    """The demo's table with the column that the usual script joins by."""
    with (demo / "tracks.csv").open(newline="", encoding="utf-8") as file:
        rows = [{"track_id": Path(row["path"]).stem, **row} for row in csv.DictReader(file)]
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("demo", type=Path)
    parser.add_argument("usual", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as temporary,
        KafkaServer(Path(temporary, "kafka")) as kafka,
        MongoServer(Path(temporary, "mongodb")) as mongo,
    ):
        folder = Path(temporary)
        usual_table(given.demo, folder / "usual.csv")
        servers = {Env.KAFKA_BOOTSTRAP.value: kafka.bootstrap, Env.MONGODB_URI.value: mongo.uri}
        usual = [sys.executable, str(given.usual), str(given.demo / "music"), str(folder / "usual.csv")]
        usual += ["--kafka", kafka.bootstrap, "--mongo", mongo.uri]
        ratios: dict[str, list[float]] = {"wall": [], "processor": []}
        print(f"{'run':>4}{'segue wall s':>14}{'cpu s':>8}{'usual wall s':>14}{'cpu s':>8}{'wall':>7}{'cpu':>7}")
        for run in range(given.runs + 1):
            state = folder / f"state-{run}"
            ours = [sys.executable, "-m", "segue", "--state", str(state), "apply", "-f", str(MANIFESTS)]
            ours += ["--volume", f"demo-music={given.demo.resolve()}"]
            own = {Env.DATABASE.value: f"whole{run}", Env.TOPIC_PREFIX.value: f"whole{run}"}
            mine = measure(ours, {**servers, **own}, folder / "segue.log")
            theirs = measure(usual, {}, folder / "usual.log")
            wall, processor = theirs.wall / mine.wall, theirs.processor / mine.processor
            if run:  # the first one is not counted: it writes caches
                ratios["wall"].append(wall)
                ratios["processor"].append(processor)
            print(
                f"{run:4}{mine.wall:14.1f}{mine.processor:8.1f}{theirs.wall:14.1f}{theirs.processor:8.1f}"
                f"{wall:6.1f}x{processor:6.1f}x{'' if run else '  (not counted)'}",
                flush=True,
            )
        clock, processor = (statistics.median(ratios[name]) for name in ("wall", "processor"))
        load = os.getloadavg()[0]
        print(f"median: {clock:.1f} times as fast by the clock, {processor:.1f} by the processor; load {load:.0f}")


if __name__ == "__main__":
    main()
