"""A client of the service that runs in a pod, with the standard library alone: asks and tells until it is done.

Its text is handed to ``python -c``. It reads one JSON object from the environment (`Work`), and prints one.
"""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from typing import Any

WORK: dict[str, Any] = json.loads(os.environ.get("WORK", "{}"))
"""url, key, catalogue, tracks, user, events, batch, pause, seconds."""
KINDS = ("like", "play", "skip", "dislike", "clear")
LISTENERS = 20


def event_id(user: str, number: int) -> str:
    """A UUIDv7 that is the same each time."""
    value = uuid.uuid5(uuid.NAMESPACE_OID, f"{user}{number}").int
    fixed = (0x7 << 76) | (0b10 << 62)
    return str(
        uuid.UUID(int=value & ~((0xF << 76) | (0b11 << 62)) & ((1 << 80) - 1) | fixed | (1_790_000_000_000 << 80))
    )


def event(number: int) -> dict[str, Any]:
    """One of many events of many listeners."""
    tracks = WORK["tracks"]
    return {
        "id": event_id(WORK["user"], number),
        "type": KINDS[number % len(KINDS)],
        "user": f"{WORK['user']}-{number % LISTENERS}",
        "trackId": tracks[number % len(tracks)],
    }


def call(path: str, body: object = None) -> tuple[int, Any, str | None]:
    """Status, answer and Retry-After of a request; status 0 if there was no connection."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(WORK["url"] + path, data=data, method="POST" if data else "GET")
    request.add_header("Authorization", f"Bearer {WORK['key']}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer), None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Retry-After")
    except (OSError, ValueError):
        return 0, None, None


def ask(statuses: Counter[int], done: threading.Event) -> None:
    """Ask until told to stop, as a page would."""
    path = f"/v1/users/{WORK['user']}-0/recommendations?catalogue={WORK['catalogue']}&limit=5"
    while not done.is_set():
        statuses[call(path)[0]] += 1
        time.sleep(0.05)


def tell(statuses: Counter[int]) -> list[str]:
    """Send all events, each batch until it is acknowledged; return the ids that were."""
    acknowledged: list[str] = []
    for start in range(0, WORK["events"], WORK["batch"]):
        batch = [event(number) for number in range(start, min(start + WORK["batch"], WORK["events"]))]
        while True:
            status, answer, retry_after = call(f"/v1/events?catalogue={WORK['catalogue']}", {"events": batch})
            statuses[status] += 1
            if status == 503 and retry_after is None:
                raise SystemExit("503 without Retry-After")
            if status == 202:
                acknowledged += [one["id"] for one in batch]
                break
            if status not in (0, 503):
                raise SystemExit(f"{status}: {answer}")
            time.sleep(0.5)
        time.sleep(WORK["pause"])
    return acknowledged


def main() -> None:
    """Ask and tell at the same time."""
    asked, told, done = Counter[int](), Counter[int](), threading.Event()
    asking = threading.Thread(target=ask, args=(asked, done))
    asking.start()
    end = time.monotonic() + WORK["seconds"]
    acknowledged = tell(told)
    while time.monotonic() < end:
        time.sleep(0.1)
    done.set()
    asking.join()
    print(json.dumps({"asked": asked, "told": told, "acknowledged": acknowledged}))


if __name__ == "__main__":
    main()
