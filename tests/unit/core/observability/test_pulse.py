"""A main loop that hangs ends its process; one that runs, or never started, does not."""

import subprocess
import sys

from segue_core.contract import ExitCode
from segue_core.observability.pulse import Pulse

HANGS = """
import time
from segue_core.observability.pulse import Pulse
pulse = Pulse(longest_pause_seconds=0.2)
pulse.beat()
def stuck_in_a_call():
    time.sleep(60)
stuck_in_a_call()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)


def test_a_loop_that_hangs_ends_the_process_and_shows_where_it_hangs() -> None:
    ended = run(HANGS)
    assert ended.returncode == ExitCode.RETRY
    assert "stuck_in_a_call" in ended.stderr


def test_a_loop_that_has_ended_does_not() -> None:
    code = (
        "import time\nfrom segue_core.observability.pulse import Pulse\n"
        "pulse = Pulse(0.1)\npulse.beat()\npulse.rest()\n"
    )
    assert run(f"{code}time.sleep(0.5)").returncode == 0


def test_a_pulse_that_pauses_fails_liveness_before_the_process_ends() -> None:
    pulse = Pulse(longest_pause_seconds=1000)
    assert pulse.is_alive  # never begun
    try:
        pulse.beat()
        assert pulse.is_alive
        pulse._last -= 501
        assert not pulse.is_alive
    finally:
        pulse.rest()
    assert pulse.is_alive
