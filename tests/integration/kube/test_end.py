"""How the program ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.kinds.objects import Key, Kind
from segue_operator.kube import __main__ as program
from segue_operator.kube.operator_settings import Settings
from support.api_server import ApiServer
from support.manifests import track_batch
from support.waiting import eventually_true

PATIENCE = 60.0
SETTINGS = Settings(children=ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092")), http_port=0)


async def exit_of(task: asyncio.Task[Any]) -> int:
    """Exit code; ``wait_for`` would end the program itself when time is up, and give its exit code all the same."""
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    if not done:
        task.cancel()
    assert done, "it is still running"
    return int(task.result())


async def test_after_sigterm_it_keeps_working_for_a_moment(
    quiet_server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "LAST_SECONDS", 3600.0)
    task: asyncio.Task[Any] = asyncio.create_task(program._run(SETTINGS))
    await eventually_true(lambda: len(quiet_server._streams) == len(Kind), seconds=PATIENCE)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.1)
    quiet_server.store.create(track_batch("late"))
    await eventually_true(lambda: quiet_server.store.get(Key(Kind.JOB, "default", "late-extract")), seconds=PATIENCE)
    os.kill(os.getpid(), signal.SIGINT)
    assert await exit_of(task) == program.Exit.STOPPED


async def test_and_then_it_ends(quiet_server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "LAST_SECONDS", 0.1)
    task: asyncio.Task[Any] = asyncio.create_task(program._run(SETTINGS))
    await eventually_true(lambda: len(quiet_server._streams) == len(Kind), seconds=PATIENCE)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await exit_of(task) == program.Exit.STOPPED
