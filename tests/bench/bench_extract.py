"""How much faster the native engine is than librosa, measured so that the figures hold on a busy machine.

Run: ``python tests/bench/bench_extract.py MUSIC [--clips N]`` with any folder of music. The variants take turns on each
file in one process on one core; of each, the least CPU time of three counts; a ratio is the median over the files.
The rows that need whole processes (a fresh job, the start, memory, the program up to Kafka) follow.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import bench_extract_baselines as baselines
import bench_extract_processes as processes
from bench_extract_clips import Clips, make_clips, make_long

REPEATS = 3


@contextmanager
def one_core() -> Iterator[None]:
    """Stay on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def least_times(variants: Mapping[str, Callable[[Path], object]], paths: list[Path]) -> dict[str, list[float]]:
    """Least CPU seconds of each variant for each file; the variants take turns."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for function in variants.values():
        function(paths[0])
    for path in paths:
        for name in variants:
            times[name].append(float("inf"))
        for _ in range(REPEATS):
            for name, function in variants.items():
                start = time.process_time()
                function(path)
                times[name][-1] = min(times[name][-1], time.process_time() - start)
    return times


class Table:
    """Prints a row as soon as it is known."""

    def __init__(self) -> None:
        print("| what | target | measured | holds |\n|---|--:|--:|---|", flush=True)

    def row(self, what: str, target: float | None, measured: float, unit: str = "x", *, most: bool = False) -> None:
        """A row; `most`: the target is an upper bound."""
        wanted, verdict = "", ""
        if target is not None:
            wanted = f"{'<=' if most else '>='} {target:g}{unit}"
            verdict = "yes" if (measured <= target if most else measured >= target) else "no"
        print(f"| {what} | {wanted} | {measured:.3g}{unit} | {verdict} |", flush=True)


def ratio(times: Mapping[str, list[float]], name: str) -> float:
    """How many times as much CPU as the native engine, median over the files."""
    return statistics.median(a / b for a, b in zip(times[name], times["native"], strict=True))


def paired_rows(table: Table, clips: Clips) -> None:
    """Everything that is measured in this process."""
    with one_core():
        names = ("usual_script", "fma_features", "shared_spectrum", "floor")
        times = least_times(
            {"native": baselines.native, **{name: getattr(baselines, name) for name in names}}, clips.mp3
        )
        table.row("the usual librosa script, 30 s mp3", 10, ratio(times, "usual_script"))
        table.row("FMA's feature set, 30 s mp3", 12, ratio(times, "fma_features"))
        table.row("librosa with one shared STFT, 30 s mp3", 3.5, ratio(times, "shared_spectrum"))
        table.row("native over decode + mono + resample + rfft, 30 s mp3", 1.25, 1 / ratio(times, "floor"), most=True)
        milliseconds = 1000 * statistics.median(times["native"])
        pair = {"native": baselines.native, "usual_script": baselines.usual_script}
        for name, paths, target in (("wav", clips.wav, 17.0), ("flac", clips.flac, None), ("ogg", clips.ogg, None)):
            times = least_times(pair, paths[: max(4, len(paths) // 2)])
            table.row(f"the usual librosa script, 30 s {name}", target, ratio(times, "usual_script"))
        times = least_times(pair, clips.tracks)
        table.row(
            "the usual script on the whole of 4 minutes, native on their middle 30 s", 60, ratio(times, "usual_script")
        )
    print(f"\nnative, 30 s mp3: {milliseconds:.1f} ms of CPU (median)\n", flush=True)


def process_rows(table: Table, clips: Clips, music: Path, folder: Path, copies: int) -> None:
    """Everything that needs processes of its own."""
    ten = [clips.mp3[number % len(clips.mp3)] for number in range(10)]
    with one_core():
        fresh = {name: min(processes.fresh_job(name, ten) for _ in range(2)) for name in ("native", "usual_script")}
        table.row(
            "the usual script, fresh process, 10 clips, no numba cache", 30, fresh["usual_script"] / fresh["native"]
        )
        table.row("process start to first vector, wall", 0.35, processes.cold_start(clips.mp3[0])[0], " s", most=True)
    for name, target, path in (
        ("30 s clip", 75, clips.mp3[0]),
        ("10 min file, whole", 95, make_long(music, folder, 10)),
        ("60 min file, whole", 200, make_long(music, folder, 60)),
    ):
        table.row(f"peak memory, {name}", target, processes.peak_megabytes(path), " MB", most=True)
    wall, cpu = processes.clips_per_second(clips.mp3, copies)
    table.row("clips a second, two workers, files to Kafka, by the clock", 40, wall, "/s")
    table.row("the same by CPU time, as on two cores that do nothing else", None, cpu, "/s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path, help="folder with music; tracks of 35 s and more are used")
    parser.add_argument("--clips", type=int, default=12, help="clips to cut (default: 12)")
    parser.add_argument(
        "--copies", type=int, default=40, help="copies of the clips for the whole program (default: 40)"
    )
    parser.add_argument("--only", choices=("paired", "processes"), help="half of the rows")
    arguments = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # numpy, already loaded, has read it: start again
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **processes.ONE_THREAD})
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = make_clips(arguments.music, folder, arguments.clips, tracks=3)
        table = Table()
        if arguments.only != "processes":
            paired_rows(table, clips)
        if arguments.only != "paired":
            process_rows(table, clips, arguments.music, folder, arguments.copies)


if __name__ == "__main__":
    main()
