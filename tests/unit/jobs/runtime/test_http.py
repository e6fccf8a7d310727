"""The metrics port answers scrapes and probes."""

import threading
import urllib.error
import urllib.request

import pytest

from segue_jobs.contract import LIVE_PATH, METRICS_PATH, READY_PATH
from segue_jobs.runtime.http import serve
from segue_jobs.runtime.program import ProgramError, start_metrics
from segue_jobs.runtime.settings import ProgramSettings


def _get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_probes_and_metrics() -> None:
    ready = threading.Event()
    port = serve(0, ready)
    assert _get(port, LIVE_PATH)[0] == 200
    assert _get(port, READY_PATH)[0] == 503
    ready.set()
    assert _get(port, READY_PATH)[0] == 200
    assert "process_resident_memory_bytes" in _get(port, METRICS_PATH)[1]
    assert _get(port, "/etc/passwd") == (404, "404 Not Found\n")


def test_a_port_in_use_is_named() -> None:
    port = serve(0, threading.Event())
    with pytest.raises(ProgramError, match=f"cannot serve metrics on port {port}"):
        start_metrics(ProgramSettings(metrics_port=port), threading.Event())
