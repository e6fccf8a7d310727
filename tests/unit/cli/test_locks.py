"""Locks that end with their holder, and who holds them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.errors import CommandError
from segue.locks import FileLock, Holder, NamedLock, is_locked
from segue.state import State

HOLD = """
import sys, time
from pathlib import Path
from segue.locks import NamedLock
with NamedLock(Path(sys.argv[1])).held("segue apply", lambda holder, seconds: None):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "cluster.lock"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


class Impatient(Exception):  # noqa: N818 - not an error
    """Stops a wait."""


def stop_waiting(holder: Holder, seconds: float) -> None:
    raise Impatient(f"{holder} after {seconds:.0f} s")


def test_who_waits_is_told_for_whom_and_may_stop(holder: subprocess.Popen[str], path: Path) -> None:
    with (
        pytest.raises(Impatient, match=rf"process {holder.pid} \(segue apply\) after"),
        NamedLock(path).held("segue apply", stop_waiting),
    ):
        pass
    assert NamedLock(path).holder() == Holder(holder.pid, "segue apply")


def test_a_killed_holder_holds_nothing(holder: subprocess.Popen[str], path: Path) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert NamedLock(path).holder() is None
    with NamedLock(path).held("segue serve", stop_waiting):
        assert NamedLock(path).holder() == Holder(os.getpid(), "segue serve")
    assert NamedLock(path).holder() is None


def test_a_lock_is_taken_as_soon_as_it_is_free(holder: subprocess.Popen[str], path: Path) -> None:
    waited: list[float] = []

    def kill_holder(_holder: Holder, seconds: float) -> None:
        waited.append(seconds)
        holder.kill()

    with NamedLock(path).held("segue apply", kill_holder):
        assert waited
        assert NamedLock(path).holder() == Holder(os.getpid(), "segue apply")


def test_users_share_a_lock_and_the_last_one_can_have_it_alone(path: Path) -> None:
    first, second = FileLock(path), FileLock(path)
    assert first.take(shared=True)
    assert second.take(shared=True)
    assert not is_locked(path)
    assert not first.take()
    assert not first.is_held
    assert second.take()
    assert is_locked(path)
    assert not first.take(shared=True)
    second.close()
    assert first.take(shared=True)
    first.close()


def test_looking_at_a_state_makes_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "new")
    assert state.cluster_lock.holder() is None
    assert not state.root.exists()


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CommandError, match="cannot write to") as caught,
        State(tmp_path / "file" / "state").cluster_lock.held("x", stop_waiting),
    ):
        pass
    assert "--state" in (caught.value.hint or "")
