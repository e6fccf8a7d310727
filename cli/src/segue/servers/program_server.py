"""Segue's own long-running programs, supervised like the embedded servers, by the probes that a cluster uses."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from pathlib import Path

from segue.servers.embedded import ANSWER_SECONDS, HOST, Server
from segue.servers.health import NoAnswerError, WrongAnswerError
from segue.servers.process import GuardedProcess, ServerProcess
from segue_core.contract import LIVE_PATH, READY_PATH, Env

_GRACE_SECONDS = 20.0


class ProgramServer(Server):
    """A program whose liveness and readiness can be asked on its metrics port.

    Parameters
    ----------
    name
        For its log and for messages.
    directory
        Where its log is.
    command
        What runs it.
    environment
        Its variables; the metrics port and the file for its summary are added.
    """

    def __init__(self, name: str, directory: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        super().__init__(directory)
        self._words = list(command)
        self._environment = dict(environment)
        self.spawn_with(self._start)

    def ask(self, seconds: float = ANSWER_SECONDS, *, write: bool = True) -> None:  # noqa: ARG002 - it is not asked to write
        """See `Server.ask`: the liveness probe."""
        status = self._get(LIVE_PATH, seconds)
        if status != http.client.OK:
            raise WrongAnswerError(f"{LIVE_PATH}: status {status}")

    def is_ready(self) -> bool:
        """Whether it does its work, by its readiness probe."""
        try:
            return self._get(READY_PATH, ANSWER_SECONDS) == http.client.OK
        except NoAnswerError:
            return False

    def _get(self, path: str, seconds: float) -> int:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(str(error)) from error
        finally:
            connection.close()

    def _command(self) -> list[str]:
        return self._words

    def _start(self, command: list[str], log: Path, _directory: Path) -> ServerProcess:
        summary = log.with_suffix(".summary.json").absolute()
        environment = {
            **self._environment,
            Env.METRICS_PORT: str(self.port),
            Env.TERMINATION_LOG: str(summary),
        }
        return GuardedProcess(command, log=log, environment=environment, grace_seconds=_GRACE_SECONDS)
