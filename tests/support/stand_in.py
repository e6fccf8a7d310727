"""A program of the contract that does what a script says: stands in for the programs in any pod.

Runs alone, in an image without anything but Python. The script is ``script.json`` in the source folder, read again and
again, so that a test may change its mind: by ``<program>`` or ``<program>-<shard>`` either ``"wait"`` or
``{"code": exit code, "summary": {...}}``.
"""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import signal
import sys
import threading
import time

POLL_SECONDS = 0.1


def leave(*_: object) -> None:
    """SIGTERM: the work is not done."""
    os._exit(1)


def wish(folder: pathlib.Path, *names: str) -> object:
    """What the script says of the first of the names that it knows."""
    try:
        script = json.loads((folder / "script.json").read_text())
    except (OSError, ValueError):
        return "wait"
    return next((script[name] for name in names if name in script), {"code": 0})


def work(program: str) -> int:
    """Wait for the script's word, leave the summary, and end as told."""
    given = (word.partition("=")[2] for word in sys.argv if word.startswith("--audio-root="))
    root = next(given, os.environ.get("SEGUE_CONFORMANCE_SCRIPT", "."))
    shard = os.environ.get("JOB_COMPLETION_INDEX", "0")
    while True:
        said = wish(pathlib.Path(root), f"{program}-{shard}", program)
        if isinstance(said, dict):
            break
        time.sleep(POLL_SECONDS)
    if "summary" in said:
        path = os.environ.get("SEGUE_TERMINATION_LOG") or "/dev/termination-log"
        pathlib.Path(path).write_text(json.dumps(said["summary"]))
    return int(said["code"])


class Probe(http.server.BaseHTTPRequestHandler):
    """Answers every probe with yes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Probes are not worth a line."""


def serve() -> int:
    """The sink: ready at once, until it is told to leave."""
    port = int(os.environ.get("SEGUE_METRICS_PORT", "8080"))
    server = http.server.ThreadingHTTPServer(("", port), Probe)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()
    return 0


def main(program: str) -> None:
    """Run as one of the programs."""
    signal.signal(signal.SIGTERM, leave)
    sys.exit(serve() if program == "sink" else work(program))
