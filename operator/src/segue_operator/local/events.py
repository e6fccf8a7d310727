"""Events of the local cluster: one JSON line each, in Kubernetes' shape."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from segue_operator.api.constants import FIELD_MANAGER
from segue_operator.api.objects import Key, Manifest
from segue_operator.local.times import timestamp


class EventLog:
    """A file of events; appended to, read as a whole."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock

    def add(self, about: Manifest, *, type_: str, reason: str, message: str) -> None:
        """Append an event about an object."""
        key, now = Key.of(about), timestamp(self._clock())
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{key.name}.{uuid.uuid4().hex[:16]}", "namespace": key.namespace},
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": str(key.kind),
                "namespace": key.namespace,
                "name": key.name,
                "uid": about["metadata"].get("uid", ""),
            },
            "type": type_,
            "reason": reason,
            "message": message,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "reportingComponent": FIELD_MANAGER,
        }
        with self._path.open("a", encoding="utf-8") as target:
            target.write(json.dumps(event, ensure_ascii=False) + "\n")

    def read(self, about: Key | None = None) -> list[Manifest]:
        """Events in their order, all or those about one object."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [event for line in lines if (event := _parse(line)) and about in (None, _subject(event))]


def _parse(line: str) -> Manifest | None:
    try:
        event: Manifest = json.loads(line)
    except ValueError:
        return None  # the line that was being written when the process was killed
    return event


def _subject(event: Manifest) -> Key | None:
    subject = event["involvedObject"]
    try:
        return Key.of({"kind": subject["kind"], "metadata": subject})
    except ValueError:
        return None
