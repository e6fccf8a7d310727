"""What ``segue apply`` reports while it runs: sentences, or events as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.status import Status

from segue.commandline import json_text, printable
from segue.errors import CommandError
from segue.locks import Holder
from segue.render.display import Display, Notices, display
from segue.render.progress import View
from segue.render.resources import short_name
from segue.render.tables import duration
from segue.servers.disk import DiskIncident
from segue.servers.supervision import Incident
from segue.state import State
from segue_operator.kinds.objects import Key, Manifest


@dataclass(frozen=True)
class Reporter:
    """Reports what an apply does."""

    output: Console
    notes: Console
    as_json: bool
    """Events, a line of JSON each, instead of sentences and progress."""

    def applied(self, key: Key, change: str) -> None:
        """Say what applying a manifest changed."""
        if self.as_json:
            self._event("Applied", kind=key.kind, name=key.name, change=change)
        else:
            self.output.print(f"{short_name(key)} {change}", soft_wrap=True)

    def incident(self, incident: Incident | DiskIncident) -> None:
        """Say what happened to a server or a disk."""
        message = printable(incident.message, keep_lines=True)
        if self.as_json:
            self._event("Server" if isinstance(incident, Incident) else "Disk", **asdict(incident))
        elif self.notes.quiet:
            sys.stderr.write(f"{message}\n")  # a problem is not a remark
        else:
            self.notes.print(message, soft_wrap=True)

    def turn_awaited(self, holder: Holder, folder: Path, seconds: float) -> None:
        """Say which process runs resources already."""
        if self.as_json:
            message = f"waiting for {holder} to finish"
            self._event("Waiting", pid=holder.pid, message=message, seconds=round(seconds))
        else:
            passed = f" ({duration(seconds)})" if seconds >= 1 else ""
            text = f"waiting for {holder} to finish: it runs the resources of {folder}{passed}"
            self.notes.print(text, soft_wrap=True)

    def finished(self, resources: Iterable[Manifest]) -> None:
        """Print resources that have ended, as events."""
        for resource in resources:
            self._event("Finished", resource=resource)

    def progress(self) -> Display:
        """Where the resources are shown at work."""
        return Notices(self._waiting) if self.as_json else display(self.notes)

    def _waiting(self, view: View, seconds: float) -> None:
        fields = {"kind": view.key.kind, "name": view.key.name, "phase": view.phase, "message": view.note}
        self._event("Waiting", **fields, seconds=round(seconds))

    def _event(self, event: str, **fields: object) -> None:
        document = {"event": event, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields}
        self.output.file.write(json_text(self.output, document) + "\n")
        self.output.file.flush()


class WaitForTurn:
    """Says which process runs resources already: a line at once, and then now and then."""

    _AGAIN_SECONDS = 60.0

    def __init__(self, reporter: Reporter, state: State, timeout_seconds: float | None) -> None:
        self._reporter = reporter
        self._state = state
        self._timeout_seconds = timeout_seconds
        self._next = 0.0

    def __call__(self, holder: Holder, seconds: float) -> None:
        """Say it, if it is time.

        Raises
        ------
        CommandError
            Time is up.
        """
        if self._timeout_seconds is not None and seconds > self._timeout_seconds:
            raise CommandError(
                f"timed out: {holder} still runs the resources of {self._state.root}",
                "wait for it, stop it with `segue down`, or use another folder with --state DIR",
            )
        if seconds >= self._next:
            self._next = seconds + self._AGAIN_SECONDS
            self._reporter.turn_awaited(holder, self._state.root, seconds)


class StartLines:
    """Says which server a slow start waits for: in a terminal in place, elsewhere a line now and then."""

    _FIRST_SECONDS, _PLAIN_SECONDS = 5.0, 30.0

    def __init__(self, reporter: Reporter, status: Status | None) -> None:
        self._reporter = reporter
        self._status = status
        self._next = self._FIRST_SECONDS

    def __call__(self, server: str, seconds: float) -> None:
        """Say it, if it is time."""
        if seconds < self._next:
            return
        text = f"waiting for {server} to start ({duration(seconds)})"
        if self._status is not None:
            self._status.update(f"{text}…")
            self._next = seconds + 1
        elif not self._reporter.as_json:
            self._reporter.notes.print(text, soft_wrap=True)
            self._next = seconds + self._PLAIN_SECONDS
