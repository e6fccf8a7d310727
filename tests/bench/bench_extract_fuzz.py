"""Damage real files in two thousand ways and see that the shard continues.

Run: ``python tests/bench/bench_extract_fuzz.py MUSIC [--cases N] [--seed N]``. Every case goes through the program's
own pool of workers; the counts of tracks and of each reason are printed. A case without a result ends the run with 1.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_extract_clips import make_clips

from segue_core.contract import Engine, Reason, WindowPosition
from segue_jobs.extract.analyse import Analysis, Method, Request
from segue_jobs.extract.decode import Window
from segue_jobs.extract.workers import Workers
from support.mutations import damaged_copies


def main() -> int:
    """Print what became of the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds a track may take")
    arguments = parser.parse_args()
    method = Method(Engine.NATIVE, Window(WindowPosition.MIDDLE, 10.0, 2.0), 1 << 30)
    with tempfile.TemporaryDirectory() as name:
        clips = make_clips(arguments.music, Path(name), 4, tracks=0)
        originals = [*clips.mp3, *clips.ogg, *clips.flac, *clips.wav]
        results: Counter[str] = Counter()
        start, left = time.monotonic(), arguments.cases
        while left > 0:
            batch = Path(tempfile.mkdtemp(dir=name))
            copies = damaged_copies(originals, batch, min(200, left), arguments.seed + left)
            requests = [Request(path.name, path, method) for path in copies]
            for _, result in Workers(2, Engine.NATIVE, arguments.timeout).run(requests, threading.Event()):
                results["extracted" if isinstance(result, Analysis) else result.reason] += 1
                if not isinstance(result, Analysis) and result.reason in (Reason.CRASHED, Reason.TIMED_OUT):
                    print(f"{result.reason}: {result.message}", flush=True)
            left -= len(copies)
            shutil.rmtree(batch)
    print(f"{results.total()} of {arguments.cases} cases have a result, after {time.monotonic() - start:.0f} s")
    for outcome, count in results.most_common():
        print(f"{count:6d} {outcome}")
    return 0 if results.total() == arguments.cases else 1


if __name__ == "__main__":
    sys.exit(main())
