"""A program's small HTTP server: metrics and the probes of the kubelet."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from segue_jobs.contract import LIVE_PATH, METRICS_PATH, READY_PATH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Keep scrapes and probes out of the log."""


_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


def listen(port: int) -> socket.socket:
    """Socket on all interfaces, by IPv4 and, where there is any, by IPv6: a pod's address may be either.

    Raises
    ------
    OSError
        The port is taken.
    """
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    except OSError as error:
        if error.errno not in _NO_IPV6:
            raise
    return socket.create_server(("", port))


class _Server(ThreadingWSGIServer):
    """Serves a socket that listens already."""

    def __init__(self, listening: socket.socket, app: WSGIApplication) -> None:
        super().__init__(("", 0), _QuietHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = "", listening.getsockname()[1]
        self.setup_environ()
        self.set_app(app)


def application(ready: threading.Event) -> WSGIApplication:
    """Metrics on their path, 200 on the live path, 200 or 503 on the ready path, else 404."""
    metrics = make_wsgi_app()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == METRICS_PATH:
            body: Iterable[bytes] = metrics(environ, start_response)
            return body
        status = {LIVE_PATH: "200 OK", READY_PATH: "200 OK" if ready.is_set() else "503 Service Unavailable"}
        text = status.get(path, "404 Not Found")
        start_response(text, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{text}\n".encode()]

    return answer


def serve(port: int, ready: threading.Event) -> int:
    """Serve in a daemon thread on all interfaces; return the port, which the system chooses for 0.

    Raises
    ------
    OSError
        The port is taken.
    """
    server = _Server(listen(port), application(ready))
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server.server_port
