"""What `segue apply` says while a server takes long to start, and of what happens to servers and disks."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from segue.render.reporter import Reporter, StartLines
from segue.servers.disk import DiskIncident, DiskState
from segue.servers.supervision import Incident, ServerState

DIED = Incident("kafka", ServerState.DIED, "kafka stopped unexpectedly")
FULL = DiskIncident("state", DiskState.FULL, 3, "the disk that holds state is full")


def reporter(*, as_json: bool = False, quiet: bool = False) -> tuple[Reporter, io.StringIO, io.StringIO]:
    """What an apply tells with, its standard output and its standard error."""
    output, errors = io.StringIO(), io.StringIO()
    return Reporter(Console(file=output), Console(file=errors, quiet=quiet), as_json=as_json), output, errors


def test_a_quick_start_says_nothing_and_a_slow_one_a_line_now_and_then() -> None:
    told, _, errors = reporter()
    wait = StartLines(told, None)
    for seconds in range(5):
        wait("mongodb", float(seconds))
    assert errors.getvalue() == ""
    for seconds in range(5, 70):
        wait("kafka", float(seconds))
    assert errors.getvalue().splitlines() == [
        "waiting for kafka to start (5 s)",
        "waiting for kafka to start (35 s)",
        "waiting for kafka to start (1 min 05 s)",
    ]


def test_in_a_terminal_the_line_is_redrawn() -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    status = console.status("starting")
    wait = StartLines(reporter()[0], status)
    wait("kafka", 35.2)
    assert status.status == "waiting for kafka to start (35 s)…"


@pytest.mark.parametrize(("incident", "event"), [(DIED, "Server"), (FULL, "Disk")])
def test_incidents_are_lines_for_people_and_events_for_programs(incident: Incident | DiskIncident, event: str) -> None:
    told, _, errors = reporter()
    told.incident(incident)
    assert errors.getvalue() == f"{incident.message}\n"
    told, output, errors = reporter(as_json=True)
    told.incident(incident)
    document = json.loads(output.getvalue())
    assert (document["event"], document["state"], document["message"]) == (event, incident.state, incident.message)
    assert errors.getvalue() == ""


def test_a_quiet_apply_still_reports_incidents(capsys: pytest.CaptureFixture[str]) -> None:
    told, _, _ = reporter(quiet=True)
    StartLines(told, None)("kafka", 10.0)
    told.incident(FULL)
    assert capsys.readouterr().err == f"{FULL.message}\n"
