"""One owner a state directory, seen and named by everyone else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segue_operator.local.errors import CommandError
from segue_operator.local.state import Owner, Runtime, State

HOLD = """
import sys, time
from pathlib import Path
from segue_operator.local.state import Runtime, State
state = State(Path(sys.argv[1]))
with state.own("segue apply"):
    state.publish(Runtime(mongodb_uri="mongodb://127.0.0.1:1/"))
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_owner_is_told_who_the_first_is(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with (
        pytest.raises(CommandError, match=f"in use by process {holder.pid} \\(segue apply\\)") as caught,
        State(tmp_path).own("segue map"),
    ):
        pass
    assert "segue down" in (caught.value.hint or "")


def test_others_see_the_owner_and_how_to_reach_its_servers(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    state = State(tmp_path)
    assert state.owner() == Owner(holder.pid, "segue apply")
    assert state.runtime() == Runtime(mongodb_uri="mongodb://127.0.0.1:1/")


def test_a_killed_owner_owns_nothing(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    state = State(tmp_path)
    assert state.owner() is None
    assert state.runtime() is None
    assert state.last_runtime() is not None
    with state.own("segue map"):
        assert state.owner() == Owner(os.getpid(), "segue map")


def test_an_owner_leaves_no_trace_of_its_servers(tmp_path: Path) -> None:
    state = State(tmp_path / "new")
    assert state.owner() is None
    with state.own("segue map"):
        state.publish(Runtime())
    assert state.owner() is None
    assert state.last_runtime() is None


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot write to") as caught, State(tmp_path / "file" / "state").own("x"):
        pass
    assert "--state" in (caught.value.hint or "")
