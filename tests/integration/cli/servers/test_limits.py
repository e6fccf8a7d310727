"""Limits of this process that a server cannot start within: a sentence says which, and how to raise it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.errors import CommandError
from segue.servers.embedded import KafkaServer, MongoServer, Server, Spawn
from segue.servers.process import GuardedProcess
from support.processes import need_proc

pytestmark = pytest.mark.slow


def limited(limit: str) -> Spawn:
    """Start a server's process with a limit of the shell."""

    def spawn(command: list[str], log: Path, directory: Path) -> GuardedProcess:
        shell = ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *command]
        return GuardedProcess(shell, log=log, directory=directory)

    return spawn


@pytest.mark.parametrize(
    ("kind", "limit", "words", "hint"),
    [
        (MongoServer, "-n 16", "it may not open enough files: .*Too many open files", "ulimit -n 4096"),
        (MongoServer, "-v 200000", "it does not get enough memory or threads: ", "ulimit -a"),
        pytest.param(
            KafkaServer, "-v 1000000", "it does not get enough memory or threads: Could not", "ulimit -a",
            marks=pytest.mark.faults,
        ),
    ],
)  # fmt: skip
def test_a_limit_that_bites_is_named(kind: type[Server], limit: str, words: str, hint: str, tmp_path: Path) -> None:
    need_proc()  # elsewhere the shell has no such limits
    server = kind(tmp_path)
    server.spawn_with(limited(limit))
    with pytest.raises(CommandError, match=f"{server.name} did not start: {words}") as caught:
        server.start()
    assert hint in (caught.value.hint or "")
    assert not server.is_running
