"""Showing resources at work: bars in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from segue.commandline import printable
from segue.render.progress import View, with_hindrance
from segue.render.reminders import QUIET_SECONDS, Reminders
from segue.render.resources import short_name
from segue.render.tables import duration, number, shorten
from segue_operator.kinds.objects import Key

PLAIN_SECONDS = 10.0
"""Seconds between lines while something moves, where there is no terminal."""


class Display(Protocol):
    """Where views are shown."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, views: Iterable[View]) -> None:
        """Show the current state."""
        ...


def display(console: Console) -> Display:
    """Bars in a terminal, lines elsewhere."""
    return Bars(console) if console.is_terminal else Lines(console)


class _Amount(ProgressColumn):
    """``57/108  3.4/s  15 s left`` for tracks, and the elapsed time for what has no even pace."""

    def render(self, task: Task) -> Text:
        passed = duration(task.finished_time or task.elapsed or 0.0)
        if not task.fields["counts"] or task.total is None:
            return Text(passed, style="dim")
        amount = f"{number(task.completed)}/{number(task.total)}"
        if task.finished or not task.speed:
            return Text.assemble(amount, (f"  {passed}", "dim"))
        left = duration((task.total - task.completed) / task.speed)
        return Text.assemble(amount, (f"  {task.speed:.1f}/s  {left} left", "dim"))


class _Unframed:
    """What only adds lines: nothing to set up, nothing to clear away."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class Notices(_Unframed):
    """Shows nothing; passes on each view that waits for something, when that is worth saying.

    Parameters
    ----------
    report
        Called with the view and the seconds without progress.
    """

    def __init__(self, report: Callable[[View, float], None]) -> None:
        self._report = report
        self._reminders = Reminders()

    def show(self, views: Iterable[View]) -> None:
        """Report what waits."""
        now = time.monotonic()
        for view in views:
            if self._reminders.is_due(view, now):
                self._report(view, _waited(view, self._reminders.quiet_seconds(view, now)))


def _waited(view: View, quiet_seconds: float) -> float:
    """Seconds without progress, as the resource says or since it was watched."""
    told = (datetime.now(UTC) - view.since).total_seconds() if view.since is not None else 0.0
    return max(told, quiet_seconds)


def _head(view: View, waited: float) -> str:
    """The phase and the time without progress; healthy long work looks the same if nothing blocks it."""
    if waited < QUIET_SECONDS:
        return view.phase
    return f"{view.phase}, {'no progress' if view.since else 'nothing new'} for {duration(waited)}"


def _way_out(view: View, waited: float) -> str:
    """Where to look when the reason is unknown: a program logs more than its status says."""
    if waited < QUIET_SECONDS or view.hindrance:
        return ""
    return f"; its log may say why: segue logs {short_name(view.key)}"


_FIXED_COLUMNS = 60
"""Columns of a line beside its bar and its note."""
_SHORTEST_NOTE = 12
_BAR, _SHORT_BAR = 24, 8
_WIDE = 110
"""Columns from which there is room for a whole bar."""


class Bars:
    """A line a resource, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._bar = _BAR if console.width >= _WIDE else _SHORT_BAR
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[phase]}", style="cyan", markup=False),
            BarColumn(bar_width=self._bar),
            _Amount(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=console,
            transient=True,
            speed_estimate_period=15,
        )
        self._tasks: dict[Key, TaskID] = {}
        self._reminders = Reminders()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def _note_width(self) -> int:
        return max(_SHORTEST_NOTE, self._progress.console.width - _FIXED_COLUMNS - self._bar)

    def show(self, views: Iterable[View]) -> None:
        """Redraw; a hindrance is too long for a bar and is printed above."""
        now = time.monotonic()
        for view in views:
            if self._reminders.is_due(view, now):
                waited = _waited(view, self._reminders.quiet_seconds(view, now))
                text = f"{_head(view, waited)}: {printable(view.note)}{_way_out(view, waited)}"
                self._progress.console.print(f"{short_name(view.key)}: {text}", soft_wrap=True)
            task = self._tasks.get(view.key)
            if task is None:
                task = self._progress.add_task(short_name(view.key), total=None, phase="", note="", counts=False)
                self._tasks[view.key] = task
            done, total = view.amount or (int(view.finished), int(view.finished))
            # "Running" says less of a training than its step does.
            is_training = view.train is not None and not view.finished
            phase, note = (view.step, view.hindrance) if is_training else (view.phase, view.note)
            self._progress.update(
                task,
                phase=phase,
                note=shorten(printable(note, keep_lines=True), self._note_width()),
                completed=total if view.finished else done,
                total=total or None,
                counts=view.batch is not None,
            )


class Lines(_Unframed):
    """A line when the phase changes, every few seconds while things move, and ever less often while nothing does."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._reminders = Reminders()
        self._stages: dict[Key, tuple[str, str]] = {}
        self._shown: dict[Key, tuple[float, View]] = {}
        self._started: dict[Key, tuple[float, int]] = {}

    def show(self, views: Iterable[View]) -> None:
        """Write what is new."""
        now = time.monotonic()
        for view in views:
            if view.batch:
                self._started.setdefault(view.key, (now, view.batch.done))
            is_due = self._reminders.is_due(view, now)
            if self._is_new(view) or is_due or self._has_moved(view, now):
                self._shown[view.key] = now, view
                self._console.print(f"{short_name(view.key)}: {self._sentence(view, now)}", soft_wrap=True)

    def _is_new(self, view: View) -> bool:
        stage = (view.phase, view.train.phase if view.train and not view.finished else "")
        is_new = self._stages.get(view.key) != stage
        self._stages[view.key] = stage
        return is_new

    def _has_moved(self, view: View, now: float) -> bool:
        shown_at, shown = self._shown[view.key]
        if view.batch is None or view.finished or now - shown_at <= PLAIN_SECONDS:
            return False
        return view.movement != shown.movement

    def _sentence(self, view: View, now: float) -> str:
        if view.finished:
            return f"{view.phase}: {printable(view.note)}" if view.note else view.phase
        waited = _waited(view, self._reminders.quiet_seconds(view, now))
        step = ", ".join(part for part in (self._amount(view, now), view.step) if part)
        text = printable(with_hindrance(step, view.hindrance))
        return ": ".join(part for part in (_head(view, waited), text) if part) + _way_out(view, waited)

    def _amount(self, view: View, now: float) -> str:
        if view.batch is None:
            return ""
        began, before = self._started[view.key]
        text = f"{number(view.batch.done)} of {number(view.batch.listed)} tracks"
        speed = (view.batch.done - before) / (now - began) if now > began else 0.0
        if speed > 0 and view.batch.done < view.batch.listed and not view.hindrance:
            text += f", {speed:.1f}/s, about {duration((view.batch.listed - view.batch.done) / speed)} left"
        return text
