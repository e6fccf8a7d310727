"""Seconds a step of the real training program: MongoDB to published model, with a real broker and database.

Run ``python tests/bench/bench_train.py [TRACKS]``. Wall and processor seconds are printed: on a busy machine only the
latter can be compared.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import KafkaServer, MongoServer
from segue_core.contract import TrainArguments
from segue_core.settings import KafkaSettings, MongoSettings
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.train_program import ProcessorClock, start_train


def main() -> int:
    tracks = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaServer(Path(folder, "kafka")) as kafka,
        MongoServer(Path(folder, "mongodb")) as mongo,
    ):
        settings = MongoSettings(uri=mongo.uri)
        store_tracks(settings, synthetic_tracks("bench", tracks))
        print(f"{tracks:,} tracks stored; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        return _measure(Path(folder), KafkaSettings(bootstrap=kafka.bootstrap, create_topics=True), settings)


def _measure(folder: Path, kafka: KafkaSettings, mongo: MongoSettings) -> int:
    started = time.monotonic()
    arguments = TrainArguments(catalogue="bench", run="bench", run_uid="bench")
    process = start_train(arguments, kafka, mongo, folder / "work")
    clock, reached = ProcessorClock(process.pid), 0.0
    print(f"{'step':12} {'wall s':>7} {'processor s':>12}")
    for line in process.stdout or ():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("message") == "phase finished":
            used = clock.seconds()
            print(f"{entry['phase']:12} {entry['seconds']:7.1f} {used - reached:12.1f}", flush=True)
            reached = used
    code = process.wait()
    print(f"{'all':12} {time.monotonic() - started:7.1f} {clock.seconds():12.1f}   exit code {code}")
    print((folder / "work" / "summary.json").read_text())
    return code


if __name__ == "__main__":
    sys.exit(main())
