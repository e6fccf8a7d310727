"""Watching resources at work: bars in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from segue_jobs.contract import ExtractSummary
from segue_operator.api.constants import Annotation, Component, ConditionReason, Label, Phase
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import Cluster
from segue_operator.local.commandline import printable
from segue_operator.local.kubelet import METRICS_PORT_ANNOTATION
from segue_operator.local.metrics import BatchProgress, Samples, ShardProgress, SinkProgress, TrainProgress, scrape
from segue_operator.local.render import duration, number
from segue_operator.local.resources import at, condition, is_finished, is_true, short_name

PLAIN_SECONDS = 10.0
"""How often a line is written where there is no terminal."""


_OUTSIDE = (ConditionReason.BATCH_NOT_FOUND, ConditionReason.BATCH_INCOMPLETE, ConditionReason.SUSPEND_REQUESTED)


_STEPS = {
    "read-ranges": "finding the tracks",
    "start-spark": "starting Spark",
    "load": "loading tracks from MongoDB",
    "publish": "publishing features to Kafka",
    "read-back": "reading them back",
    "scale": "scaling features",
    "choose": "choosing the number of clusters",
    "fit": "clustering",
    "assign": "assigning tracks to clusters",
    "promote": "comparing with the active model",
}
"""Words for the steps of a training."""


@dataclass(frozen=True)
class View:
    """What is shown of one resource."""

    key: Key
    phase: str
    reason: str
    message: str
    finished: bool
    succeeded: bool
    batch: BatchProgress | None = None
    sink: SinkProgress | None = None
    train: TrainProgress | None = None

    @property
    def amount(self) -> tuple[int, int] | None:
        """Done and all: tracks of a batch, steps of a training; None while that is unknown."""
        if self.batch is not None and self.batch.listed:
            return self.batch.done, self.batch.listed
        if self.train is not None:
            return self.train.finished, self.train.steps
        return None

    @property
    def is_stuck(self) -> bool:
        """Whether it waits for something that nobody here is at."""
        return self.phase == Phase.BLOCKED or self.reason in _OUTSIDE

    @property
    def note(self) -> str:
        """What happens now, in few words."""
        if self.train is not None and not self.finished:
            return _STEPS.get(self.train.phase, self.train.phase)
        if self.batch is None or self.finished:
            return self.message
        parts = [f"{number(self.sink.stored)} stored"] if self.sink else []
        parts += [f"{number(self.batch.skipped)} known already"] if self.batch.skipped else []
        parts += [f"{number(self.batch.rejected)} rejected"] if self.batch.rejected else []
        return ", ".join(parts)


def _label(pod: Manifest, label: Label) -> str | None:
    value = at(pod, "metadata", "labels", str(label))
    return None if value is None else str(value)


@dataclass
class Watcher:
    """Reads a cluster's resources and their pods' metrics; remembers what pods that are gone told last."""

    cluster: Cluster
    keys: tuple[Key, ...]
    _shards: dict[tuple[str, str], ShardProgress] = field(default_factory=dict)
    _sinks: dict[tuple[str, str], SinkProgress] = field(default_factory=dict)
    _trainings: dict[str, TrainProgress] = field(default_factory=dict)

    async def look(self) -> list[View]:
        """How every resource stands now."""
        pods = await self.cluster.list(Kind.POD)
        scraped = await asyncio.gather(*(self._scrape(pod) for pod in pods))
        for pod, samples in zip(pods, scraped, strict=True):
            self._remember(pod, samples)
        return [await self._view(key) for key in self.keys]

    @staticmethod
    async def _scrape(pod: Manifest) -> Samples:
        port = at(pod, "metadata", "annotations", METRICS_PORT_ANNOTATION)
        if port is None or at(pod, "status", "phase") != "Running":
            return {}
        return await asyncio.to_thread(scrape, int(port))

    def _remember(self, pod: Manifest, samples: Samples) -> None:
        batch, run, component = (
            _label(pod, label) for label in (Label.TRACK_BATCH, Label.TRAINING_RUN, Label.COMPONENT)
        )
        if run is not None and (train := TrainProgress.of_samples(samples)):
            self._trainings[run] = train
        if batch is None:
            return
        if component == Component.SINK and (sink := SinkProgress.of_samples(samples)):
            self._sinks[batch, Key.of(pod).name] = sink
        if component == Component.EXTRACT and (shard := ShardProgress.of_samples(samples) or _summary_of(pod)):
            index = at(pod, "metadata", "annotations", str(Annotation.JOB_COMPLETION_INDEX)) or "0"
            self._shards[batch, index] = shard

    def _sinks_of(self, name: str) -> list[SinkProgress]:
        return [sink for (batch, _), sink in self._sinks.items() if batch == name]

    async def _view(self, key: Key) -> View:
        resource = await self.cluster.get(key)
        if resource is None:
            return View(key, "Deleted", "Deleted", "it was deleted", finished=True, succeeded=False)
        shards = [shard for (batch, _), shard in self._shards.items() if batch == key.name]
        is_batch = key.kind is Kind.TRACK_BATCH
        summary = condition(resource, "Succeeded") or {}
        return View(
            key,
            phase=str(at(resource, "status", "phase") or "Pending"),
            reason=str(summary.get("reason") or ""),
            message=str(summary.get("message") or ""),
            finished=is_finished(resource),
            succeeded=is_true(resource, "Succeeded"),
            batch=BatchProgress.of_shards(shards, at(resource, "spec", "extraction", "shards") or 1)
            if is_batch
            else None,
            sink=SinkProgress.of_sinks(self._sinks_of(key.name)) if is_batch else None,
            train=None if is_batch else self._trainings.get(key.name),
        )


def _summary_of(pod: Manifest) -> ShardProgress | None:
    statuses = at(pod, "status", "containerStatuses") or [{}]
    summary = ExtractSummary.decode(at(statuses[0], "state", "terminated", "message"))
    return ShardProgress.of_summary(summary) if summary is not None and summary.listed else None


# ------------------------------------------------------------------------------------------------------------- showing


class Display(Protocol):
    """Where views are shown."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, views: Iterable[View]) -> None:
        """Show how things stand."""
        ...


def display(console: Console) -> Display:
    """Bars in a terminal, lines elsewhere."""
    return Bars(console) if console.is_terminal else Lines(console)


class _Amount(ProgressColumn):
    """``57/108  3.4/s  15 s left`` for tracks, and the time that passed for what has no even pace."""

    def render(self, task: Task) -> Text:
        passed = duration(task.finished_time or task.elapsed or 0.0)
        if not task.fields["counts"] or task.total is None:
            return Text(passed, style="dim")
        amount = f"{number(task.completed)}/{number(task.total)}"
        if task.finished or not task.speed:
            return Text.assemble(amount, (f"  {passed}", "dim"))
        left = duration((task.total - task.completed) / task.speed)
        return Text.assemble(amount, (f"  {task.speed:.1f}/s  {left} left", "dim"))


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, views: Iterable[View]) -> None:
        """Show nothing."""


_FIXED_COLUMNS = 84
"""Columns of a line beside its note."""
_SHORTEST_NOTE = 12


class Bars:
    """A line a resource, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[phase]}", style="cyan", markup=False),
            BarColumn(bar_width=24),
            _Amount(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=console,
            transient=True,
            speed_estimate_period=15,
        )
        self._tasks: dict[Key, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, views: Iterable[View]) -> None:
        """Redraw."""
        for view in views:
            task = self._tasks.get(view.key)
            if task is None:
                task = self._progress.add_task(short_name(view.key), total=None, phase="", note="", counts=False)
                self._tasks[view.key] = task
            done, total = view.amount or (int(view.finished), int(view.finished))
            self._progress.update(
                task,
                phase=view.phase,
                note=_one_line(view.note, max(_SHORTEST_NOTE, self._progress.console.width - _FIXED_COLUMNS)),
                completed=total if view.finished else done,
                total=total or None,
                counts=view.batch is not None,
            )


def _one_line(text: str, length: int) -> str:
    text = printable(text.partition("\n")[0])
    return text if len(text) <= length else f"{text[: length - 1]}…"


class Lines:
    """A line when the phase changes, and every few seconds while a batch is worked on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[Key, tuple[str, str]] = {}
        self._shown_at: dict[Key, float] = {}
        self._started: dict[Key, tuple[float, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, views: Iterable[View]) -> None:
        """Write what is new."""
        now = time.monotonic()
        for view in views:
            if view.batch:
                self._started.setdefault(view.key, (now, view.batch.done))
            stage = (view.phase, view.train.phase if view.train and not view.finished else "")
            is_new = self._stages.get(view.key) != stage
            is_due = view.batch is not None and now - self._shown_at.get(view.key, now) > PLAIN_SECONDS
            if is_new or (is_due and not view.finished):
                self._stages[view.key], self._shown_at[view.key] = stage, now
                self._console.print(f"{short_name(view.key)}: {self._sentence(view, now)}", soft_wrap=True)

    def _sentence(self, view: View, now: float) -> str:
        if view.batch is None or view.finished:
            return f"{view.phase}: {printable(view.note)}" if view.note else view.phase
        began, before = self._started[view.key]
        text = f"{view.phase}: {number(view.batch.done)} of {number(view.batch.listed)} tracks"
        speed = (view.batch.done - before) / (now - began) if now > began else 0.0
        if speed > 0 and view.batch.done < view.batch.listed:
            text += f", {speed:.1f}/s, about {duration((view.batch.listed - view.batch.done) / speed)} left"
        return f"{text}, {view.note}" if view.note else text
