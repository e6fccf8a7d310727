"""The service's pods in a cluster, each by a port of this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.end_to_end import API_LABELS, System
from support.waiting import poll


class Pod:
    """One pod of the service, by a port of this machine."""

    def __init__(self, port: int, key: str) -> None:
        self._address, self._key = f"http://127.0.0.1:{port}", key

    def call(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Answer of one request."""
        request = urllib.request.Request(
            self._address + path, data=None if body is None else json.dumps(body).encode(), method=method
        )
        request.add_header("Authorization", f"Bearer {self._key}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def two_pods(system: System, key: str) -> Iterator[tuple[Pod, Pod]]:
    """Both pods of the service."""
    first, second = poll(
        lambda: names if len(names := system.kubectl.pods(API_LABELS, "Running")) == 2 else None,
        what="two pods of the service",
        seconds=120,
    )
    with system.kubectl.forwarded(f"pod/{first}", 8000) as one, system.kubectl.forwarded(f"pod/{second}", 8000) as two:
        yield Pod(one, key), Pod(two, key)


def wait_until_served(pods: tuple[Pod, ...], catalogue: str) -> None:
    """Until each pod has loaded the catalogue."""

    def served(pod: Pod) -> bool:
        try:
            return bool(pod.call(f"/v1/clusters?catalogue={catalogue}"))
        except urllib.error.HTTPError:
            return False

    for pod in pods:
        poll(lambda pod=pod: served(pod), what=f"{catalogue} in service", seconds=60)
