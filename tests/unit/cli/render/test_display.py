"""What people see while resources are at work: lines, bars and notices."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from segue.render.display import Bars, Lines, Notices, display
from segue.render.pod_metrics import BatchProgress, SinkProgress, TrainProgress
from segue.render.progress import View
from segue_operator.kinds.objects import Kind
from support.local_state import key

SONGS, WEEKLY = key(Kind.TRACK_BATCH, "songs"), key(Kind.TRAINING_RUN, "weekly")


def views(done: int, *, finished: bool = False) -> list[View]:
    return [
        View(
            SONGS, "Succeeded" if finished else "Extracting", "Completed", "stored\x1b[2J", finished=finished,
            succeeded=finished, batch=BatchProgress(100, done, 3, 2), sink=SinkProgress(done - 5, 5),
        ),
        View(
            WEEKLY, "Running", "Running", "", finished=False, succeeded=False,
            train=TrainProgress("choose", 6, 10),
        ),
    ]  # fmt: skip


def test_lines_are_written_at_changes_only() -> None:
    output = io.StringIO()
    console = Console(file=output, width=200)
    with display(console) as shown:
        assert isinstance(shown, Lines)
        for done in (10, 11, 12):
            shown.show(views(done))
        shown.show(views(100, finished=True))
    lines = output.getvalue().splitlines()
    assert lines == [
        "trackbatch/songs: Extracting: 10 of 100 tracks, 5 stored, 2 already known, 3 rejected",
        "trainingrun/weekly: Running: choosing the number of clusters",
        "trackbatch/songs: Succeeded: stored\\x1b[2J",
    ]


@dataclasses.dataclass
class Watch:
    """A clock that a test turns, and the sentences that a display wrote meanwhile."""

    terminal: bool
    seconds: float = 0.0
    output: io.StringIO = dataclasses.field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.display = display(Console(file=self.output, width=400, force_terminal=self.terminal, color_system=None))

    def show(self, view: View, seconds: float, monkeypatch: pytest.MonkeyPatch, pause: float = 5.0) -> list[str]:
        before = len(self.output.getvalue())
        for _ in range(round(seconds / pause)):
            self.seconds += pause
            monkeypatch.setattr("segue.render.display.time.monotonic", lambda: self.seconds)
            self.display.show([view])
        written = self.output.getvalue()[before:]
        return [line for line in written.splitlines() if line.startswith(("trackbatch/", "trainingrun/"))]


def test_lines_about_nothing_become_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(terminal=False)
    batch = dataclasses.replace(views(10)[0], phase="Verifying")
    assert len(watch.show(batch, 115, monkeypatch)) == 1
    (line,) = watch.show(batch, 15, monkeypatch)
    assert line == (
        "trackbatch/songs: Verifying, nothing new for 2 min 00 s: 10 of 100 tracks, 5 stored, 5 waiting for the sink, "
        "2 already known, 3 rejected; its log may say why: segue logs trackbatch/songs"
    )
    assert len(watch.show(batch, 3600, monkeypatch)) == 4, "after 6, 14, 30 and 62 minutes"
    assert len(watch.show(batch, 24 * 3600, monkeypatch)) < 30, "at last one an hour"
    assert (
        "no progress"
        not in watch.show(dataclasses.replace(batch, batch=BatchProgress(100, 11, 0, 0)), 15, monkeypatch)[0]
    )


def test_a_long_training_step_is_reported_too(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(terminal=False)
    first, second = watch.show(views(10)[1], 130, monkeypatch)
    assert first == "trainingrun/weekly: Running: choosing the number of clusters"
    assert second.startswith("trainingrun/weekly: Running, nothing new for 2 min 00 s: choosing the number of clusters")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_hindrance_is_reported_in_full_at_once_then_rarely(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    watch = Watch(terminal)
    batch = dataclasses.replace(views(10)[0], phase="Verifying")
    watch.show(batch, 10, monkeypatch)
    reason = (
        "waiting for pod v to start: CreateContainerConfigError: hostPath /my music is not a folder; put that right"
    )
    began = datetime.now(UTC) - timedelta(minutes=4)
    stuck = dataclasses.replace(batch, hindrance=reason, since=began)
    first = watch.show(stuck, 5, monkeypatch)
    assert len(first) == 1
    assert first[0].startswith(f"trackbatch/songs: Verifying, no progress for 4 min 00 s: {reason}")
    assert "segue logs" not in first[0], "what hinders is known"
    assert len(watch.show(stuck, 3600, monkeypatch)) <= 6


def test_a_hindrance_that_comes_and_goes_is_not_reported_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(terminal=False)
    batch = dataclasses.replace(views(10)[0], phase="Verifying")
    crashing = dataclasses.replace(batch, hindrance="pod s does not start: CrashLoopBackOff: no disk")
    written = []
    for _ in range(60):
        written += watch.show(crashing, 10, monkeypatch) + watch.show(batch, 10, monkeypatch)
    assert 2 <= len(written) <= 6


def test_notices_hand_on_what_waits_and_nothing_else() -> None:
    told: list[tuple[str, float]] = []
    notices = Notices(lambda view, seconds: told.append((view.note, seconds)))
    batch = views(10)[0]
    with notices:
        notices.show([batch])
        assert told == []
        notices.show([dataclasses.replace(batch, hindrance="no disk", since=datetime.now(UTC) - timedelta(minutes=3))])
        notices.show([dataclasses.replace(batch, finished=True)])
    assert [(note.partition(" (")[0], round(seconds)) for note, seconds in told] == [("no disk", 180)]


def test_bars_show_amount_and_step() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=160, markup=False, highlight=False, color_system=None)
    with display(console) as shown:
        assert isinstance(shown, Bars)
        shown.show(views(10))
        shown.show(views(20))
    text = output.getvalue()
    assert "20/100" in text
    assert "choosing the number of clusters" in text
    assert "\x1b[2J" not in text


def test_a_training_shows_its_whole_step_in_80_columns() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80, markup=False, highlight=False, color_system=None)
    with display(console) as shown:
        shown.show(views(10))
    assert "trainingrun/weekly choosing the number of clusters" in output.getvalue()
