"""Memory and speed of the extract workers over many tracks.

Run: ``python tests/bench/bench_extract_memory.py [TRACKS]`` (1,000 unless given). Prints each worker's resident memory
and the tracks a second as the work continues; the memory must stay flat.
"""

import multiprocessing
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_core.contract import Engine, WindowPosition
from segue_jobs.extract.analyse import Analysis, Method, Request
from segue_jobs.extract.decode import Window
from segue_jobs.extract.shard_environment import worker_count
from segue_jobs.extract.workers import Workers
from support.audio import write_tune

METHOD = Method(Engine.LIBROSA, Window(WindowPosition.MIDDLE, 30.0, 5.0), 1 << 30)


def _resident_megabytes(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def measure(folder: Path, tracks: int) -> None:
    """Analyse as many tracks, of twelve files of different formats and lengths."""
    names = [f"{number}{extension}" for number in range(3) for extension in (".mp3", ".ogg", ".flac", ".wav")]
    files = [write_tune(folder / name, 20.0 + 7 * index, 44_100, seed=index) for index, name in enumerate(names)]
    requests = [Request(str(number), files[number % len(files)], METHOD) for number in range(tracks)]
    start = time.monotonic()
    workers = Workers(worker_count(os.environ), Engine.LIBROSA, 300.0)
    for number, (request, result) in enumerate(workers.run(requests, threading.Event()), 1):
        assert isinstance(result, Analysis), (request, result)
        if number % max(1, tracks // 5) == 0:
            memory = [_resident_megabytes(process.pid) for process in multiprocessing.active_children()]
            print(f"{number:6} tracks  {number / (time.monotonic() - start):5.1f} tracks/s  workers' MB {memory}")


if __name__ == "__main__":  # the workers import this file too
    with tempfile.TemporaryDirectory() as directory:
        measure(Path(directory), int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
