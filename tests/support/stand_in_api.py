"""``python -m support.stand_in_api``: a process in place of the service, with its settings, probes and port.

It answers every request with what it was told: catalogues, and the key of the request.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from segue_core.contract import Env
from segue_core.observability.http import serve
from segue_core.observability.pulse import Pulse


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = {
            "pid": os.getpid(),
            "catalogues": os.environ[Env.API_CATALOGUES],
            "database": os.environ[Env.MONGODB_URI],
            "authorization": self.headers.get("Authorization"),
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> int:
    """Serve until a signal ends it."""
    ready = threading.Event()
    serve(int(os.environ[Env.METRICS_PORT]), ready, Pulse())
    with ThreadingHTTPServer((os.environ[Env.API_HOST], int(os.environ[Env.API_PORT])), _Handler) as server:
        ready.set()
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
