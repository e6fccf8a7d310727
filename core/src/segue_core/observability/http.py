"""A program's small HTTP server: metrics, and the kubelet's probes."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from segue_core.contract import LIVE_PATH, METRICS_PATH, READY_PATH
from segue_core.observability.pulse import Pulse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Keep scrapes and probes out of the log."""


_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


def listen(port: int) -> socket.socket:
    """Listen on all interfaces, over IPv4 and, if available, IPv6: a pod's address may be either.

    Raises
    ------
    OSError
        The port is in use.
    """
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    except OSError as error:
        if error.errno not in _NO_IPV6:
            raise
    return socket.create_server(("", port))


class _Server(ThreadingWSGIServer):
    """Serves on a socket that is already listening."""

    def __init__(self, listening: socket.socket, app: WSGIApplication) -> None:
        super().__init__(("", 0), _QuietHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = "", listening.getsockname()[1]
        self.setup_environ()
        self.set_app(app)


def application(ready: threading.Event, pulse: Pulse, details: Callable[[], Sequence[str]] = tuple) -> WSGIApplication:
    """Metrics on their path, 200 or 503 on the liveness and the readiness path, else 404.

    Parameters
    ----------
    details
        Lines that the readiness path adds: what is not as it should be.
    """
    metrics = make_wsgi_app()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == METRICS_PATH:
            body: Iterable[bytes] = metrics(environ, start_response)
            return body
        holds = {LIVE_PATH: pulse.is_alive, READY_PATH: ready.is_set()}.get(path)
        text = "404 Not Found" if holds is None else "200 OK" if holds else "503 Service Unavailable"
        start_response(text, [("Content-Type", "text/plain; charset=utf-8")])
        lines = [text, *(details() if path == READY_PATH else ())]
        return [f"{line}\n".encode() for line in lines]

    return answer


def serve(port: int, ready: threading.Event, pulse: Pulse, details: Callable[[], Sequence[str]] = tuple) -> int:
    """Serve on all interfaces in a daemon thread; return the port (for 0, the system chooses one).

    Raises
    ------
    OSError
        The port is in use.
    """
    server = _Server(listen(port), application(ready, pulse, details))
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server.server_port
