"""What only whole processes show: start, memory, a fresh job, the program up to Kafka."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue.servers.embedded import KafkaServer
from segue_core.contract import Env, ExtractArguments, MetadataFormat
from segue_core.settings import KafkaSettings
from support.extract import ExtractProcess

_HERE = Path(__file__).resolve().parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
_PATHS = f"import sys; sys.path.insert(0, {str(_HERE)!r}); from pathlib import Path; "
_FIRST_VECTOR = (
    "import sys; from pathlib import Path; "
    "from segue_core.contract import Engine, WindowPosition; "
    "from segue_jobs.extract.analyse import Method, Request, analyse_file; "
    "from segue_jobs.extract.decode import Window; "
    "method = Method(Engine.NATIVE, Window(WindowPosition.{position}, 30.0, 1.0), 1 << 40); "
    "result = analyse_file(Request('1', Path({path!r}), method)); "
    "assert result.families; "
)


def run_python(code: str, environment: Mapping[str, str] | None = None) -> tuple[float, float, str]:
    """Wall and CPU seconds of a fresh interpreter, and what it printed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **ONE_THREAD, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def cold_start(path: Path, repeats: int = 7) -> tuple[float, float]:
    """Least wall and CPU seconds from process start to a first vector."""
    runs = [run_python(_FIRST_VECTOR.format(position="MIDDLE", path=str(path))) for _ in range(repeats)]
    return min(wall for wall, _, _ in runs), min(cpu for _, cpu, _ in runs)


def peak_megabytes(path: Path) -> float:
    """Largest resident memory of a process that analyses the whole file."""
    code = _FIRST_VECTOR.format(position="WHOLE", path=str(path))
    code += "import re; print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    return int(run_python(code)[2]) / 1024


def fresh_job(extractor: str, paths: list[Path]) -> float:
    """CPU seconds of a new process over some clips; numba's cache is empty."""
    code = f"{_PATHS}import bench_extract_baselines as b; [b.{extractor}(Path(p)) for p in {[*map(str, paths)]!r}]"
    with tempfile.TemporaryDirectory() as cache:
        return run_python(code, {"NUMBA_CACHE_DIR": cache})[1]


def _adopt_orphans() -> None:
    """Become the parent of processes whose parent ends: their CPU time is then told to this one."""
    prctl, set_child_subreaper = ctypes.CDLL(None).prctl, 36
    if prctl(set_child_subreaper, 1) != 0:
        raise SystemExit("the CPU time of the workers cannot be had on this system")


def _collect_orphans(patience_seconds: float = 10.0) -> None:
    """Wait for the fork server, which has waited for the workers, and for the resource tracker."""
    end = time.monotonic() + patience_seconds
    for _ in range(2):
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) is None:
            if time.monotonic() > end:
                raise SystemExit("the workers have not ended")
            time.sleep(0.02)


def clips_per_second(clips: list[Path], copies: int) -> tuple[float, float]:
    """Rate of the whole program with two workers, its start included, from files to acknowledged records.

    By the clock, and by the CPU seconds of all its processes spread over two cores.
    """
    with tempfile.TemporaryDirectory() as folder, KafkaServer(Path(folder, "kafka")) as broker:
        music = Path(folder, "music")
        music.mkdir()
        for number in range(copies):
            for clip in clips:
                shutil.copyfile(clip, music / f"{number:03d}-{clip.name}")
        arguments = ExtractArguments(
            catalogue="bench",
            batch="bench",
            batch_uid="bench",
            audio_root=str(music),
            metadata_format=MetadataFormat.TAGS,
        )
        kafka = KafkaSettings(bootstrap=broker.bootstrap, create_topics=True, partitions=4)
        _adopt_orphans()
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        code, summary = ExtractProcess(Path(folder), arguments, kafka, {Env.WORKERS: "2"}).wait(600)
        seconds = time.perf_counter() - start
        _collect_orphans()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if code != 0 or summary is None or summary.extracted != len(clips) * copies:
            raise SystemExit(f"the program ended with {code}: {Path(folder, 'extract.log').read_text()[-2000:]}")
        return summary.extracted / seconds, 2 * summary.extracted / cpu
