"""The real training program as a process, submitted as the local runtime does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from segue.cluster.kubelet.programs import resolve
from segue_core.contract import TRAIN_APPLICATION_FILE, Env, TrainArguments, TrainSummary
from segue_core.settings import KafkaSettings, MongoSettings

Train = Callable[..., TrainSummary]
"""Runs the program inside a test."""
_TICKS = os.sysconf("SC_CLK_TCK")


def start_train(
    arguments: TrainArguments,
    kafka: KafkaSettings,
    mongo: MongoSettings,
    folder: Path,
    conf: dict[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start the program; its log comes from ``stdout``, its summary goes to ``summary.json`` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    options = [part for name, value in (conf or {}).items() for part in ("--conf", f"{name}={value}")]
    program = resolve(["spark-submit", "--master", "local[2]", *options, TRAIN_APPLICATION_FILE, *arguments.to_argv()])
    environment = {
        **os.environ,
        **program.environment,
        Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
        Env.TOPIC_PREFIX: kafka.topic_prefix,
        Env.TOPIC_CREATE: "true",
        Env.TOPIC_PARTITIONS: str(kafka.partitions),
        Env.MONGODB_URI: mongo.uri,
        Env.DATABASE: mongo.database,
        Env.METRICS_PORT: "0",
        Env.TERMINATION_LOG: str(folder / "summary.json"),
    }
    with (folder / "stderr.log").open("w") as log:
        return subprocess.Popen(
            program.command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )


def run_train(
    arguments: TrainArguments,
    kafka: KafkaSettings,
    mongo: MongoSettings,
    folder: Path,
    conf: dict[str, str] | None = None,
) -> tuple[int, TrainSummary, str]:
    """Run the program to its end: exit code, summary, log."""
    process = start_train(arguments, kafka, mongo, folder, conf)
    log = process.communicate()[0] + (folder / "stderr.log").read_text()
    path = folder / "summary.json"
    summary = TrainSummary.decode(path.read_text()) if path.exists() else None
    assert summary is not None, log
    return process.returncode, summary, log


class ProcessorClock:
    """Processor seconds of a process and of all that descend from it, dead ones included (Linux)."""

    def __init__(self, pid: int) -> None:
        self._root = pid
        self._last = 0.0

    def seconds(self) -> float:
        """Seconds so far; after the process has ended, the last value that was read."""
        total = sum(self._used(pid) for pid in self._family())
        self._last = max(self._last, total)
        return self._last

    def _family(self) -> list[int]:
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                parents[int(entry.name)] = int(fields[1])
        found = [self._root]
        for pid in found:
            found.extend(child for child, parent in parents.items() if parent == pid)
        return found

    @staticmethod
    def _used(pid: int) -> float:
        fields = _stat(pid)
        return sum(map(int, fields[11:15])) / _TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
