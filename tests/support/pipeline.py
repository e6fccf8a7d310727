"""The command line as a user's process, and faults of the processes behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import yaml

from segue_core.contract import Env
from segue_core.settings import KafkaSettings, MongoSettings
from support.audio import write_tune
from support.processes import command_line, descendants

Manifest = dict[str, Any]


def make_music(folder: Path, tracks: int) -> Path:
    """A folder with so many tracks, all of them one short tune."""
    tune = write_tune(folder / "0.wav", seconds=6)
    for number in range(1, tracks):
        (folder / f"{number}.wav").hardlink_to(tune)
    return folder


def batch_of(music: Path, name: str = "songs", **spec: Any) -> Manifest:
    """A TrackBatch over a folder of this machine."""
    source = {"volume": {"hostPath": {"path": str(music)}}, "metadata": {"format": "Tags"}}
    return _resource("TrackBatch", name, {"catalogue": name, "source": source, **spec})


def run_of(name: str = "songs", **spec: Any) -> Manifest:
    """A TrainingRun that waits for the batch of its name."""
    return _resource("TrainingRun", name, {"catalogue": name, "batches": [name], **spec})


def _resource(kind: str, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": "segue.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def servers_of(kafka: KafkaSettings, mongo: MongoSettings) -> dict[str, str]:
    """Environment that names the session's servers: a test that does not need embedded ones starts none."""
    return {
        Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
        Env.TOPIC_PREFIX: kafka.topic_prefix,
        Env.MONGODB_URI: mongo.uri,
        Env.DATABASE: mongo.database,
    }


class Segue:
    """``segue`` with a state directory of its own and no server of the environment, unless it is given."""

    def __init__(
        self, folder: Path, state: Path | None = None, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.state = state or folder / "state"
        self.environment = {
            name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")
        } | {"SEGUE_STATE": str(self.state), **(environment or {})}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            self._command(arguments), env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )

    def apply(self, *given: Manifest | str) -> subprocess.CompletedProcess[str]:
        """Apply manifests, with options, and wait for their end."""
        return self(*self._apply(given))

    def begin_apply(self, *given: Manifest | str) -> Running:
        """Apply manifests, with options, and do not wait."""
        return Running(self._command(self._apply(given)), self.environment, self.folder / "apply.log")

    def document(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        ended = self(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def logs(self, component: str) -> list[Path]:
        """Logs of a component's pods."""
        return sorted((self.state / "logs").glob(f"*/*-{component}-*.log"))

    def _apply(self, given: Sequence[Manifest | str]) -> list[str]:
        path = self.folder / "manifests.yaml"
        manifests = [manifest for manifest in given if not isinstance(manifest, str)]
        path.write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
        return ["apply", "-f", str(path), *(option for option in given if isinstance(option, str))]

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "segue", *arguments]


class Running:
    """A command at work; killed at the end if it still runs, and its children end with it."""

    def __init__(
        self, command: list[str], environment: dict[str, str], log: Path, directory: Path | None = None
    ) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, cwd=directory, stdout=output, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def text(self) -> str:
        """All it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float = 240) -> int:
        """Exit code at its end."""
        return self.process.wait(seconds)

    def wait_until(self, condition: Callable[[], object], seconds: float = 90) -> None:
        """Wait while it runs; a limit only keeps a broken test from hanging."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"it ended too early:\n{self.text()}"
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s:\n{self.text()}"
            time.sleep(0.1)

    def kill(self, *words: str) -> int:
        """SIGKILL for the process below this one whose command line has these words; guards are left alone."""
        [pid] = self._below(words)
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextmanager
    def paused(self, *words: str) -> Iterator[None]:
        """Stop the processes below this one whose command lines have these words, so that they take as long as this."""
        stopped = self._below(words)
        assert stopped, self.text()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _below(self, words: Sequence[str]) -> list[int]:
        lines = {pid: command_line(pid) for pid in descendants(self.process.pid)}
        return [pid for pid, line in lines.items() if all(word in line for word in words) and "guard.py" not in line]
