"""The metrics port answers scrapes and probes."""

import errno
import socket
import threading
import urllib.error
import urllib.request

import pytest

from segue_core.contract import LIVE_PATH, METRICS_PATH, READY_PATH
from segue_core.errors import ProgramError
from segue_core.observability.http import serve
from segue_core.observability.pulse import Pulse
from segue_core.program import start_metrics
from segue_core.settings import ProgramSettings


def _get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_probes_and_metrics() -> None:
    ready = threading.Event()
    port = serve(0, ready, Pulse())
    assert _get(port, LIVE_PATH)[0] == 200
    assert _get(port, READY_PATH)[0] == 503
    ready.set()
    assert _get(port, READY_PATH)[0] == 200
    assert "process_resident_memory_bytes" in _get(port, METRICS_PATH)[1]
    assert _get(port, "/etc/passwd") == (404, "404 Not Found\n")


def test_a_loop_that_has_stopped_is_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = Pulse()
    port = serve(0, threading.Event(), pulse)
    pulse.beat()
    try:
        assert _get(port, LIVE_PATH)[0] == 200
        monkeypatch.setattr(pulse, "_last", pulse._last - 1000)
        assert _get(port, LIVE_PATH) == (503, "503 Service Unavailable\n")
    finally:
        pulse.rest()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this system has no IPv6")
def test_a_pod_may_have_an_address_of_either_kind() -> None:
    port = serve(0, threading.Event(), Pulse())
    assert [_get(port, LIVE_PATH, host)[0] for host in ("127.0.0.1", "[::1]")] == [200, 200]


@pytest.mark.parametrize("reason", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_without_ipv6_there_is_ipv4(monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    create = socket.create_server

    def without_ipv6(address: tuple[str, int], *, family: int = socket.AF_INET, **options: bool) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(reason, "no IPv6")
        return create(address, family=family, **options)

    monkeypatch.setattr(socket, "create_server", without_ipv6)
    assert _get(serve(0, threading.Event(), Pulse()), LIVE_PATH)[0] == 200


def test_a_port_in_use_is_named() -> None:
    port = serve(0, threading.Event(), Pulse())
    with pytest.raises(ProgramError, match=f"cannot serve metrics on port {port}"):
        start_metrics(ProgramSettings(metrics_port=port), threading.Event(), Pulse())
