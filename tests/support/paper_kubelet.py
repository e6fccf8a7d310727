"""Pods on paper: says of a namespace's unscheduled pods that they ran and ended well, through the API alone.

With it a test needs of a cluster the API server and the controllers; its pods must select a node that does not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from segue_operator.controller.cluster import ClusterError
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.client import Client
from segue_operator.kube.paths import CHILD_SELECTOR, collection_path, object_path
from support.small_world import SUMMARIES

NOWHERE = {"nodeSelector": {"segue.dev/paper": "true"}}
"""podOverrides of a batch whose pods no real kubelet is to run."""


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status_of(pod: Manifest) -> dict[str, Any]:
    """What a kubelet would say of a pod: that it runs, or that it ended with its program's summary."""
    component = pod["metadata"]["labels"]["segue.dev/component"]
    container = pod["spec"]["containers"][0]
    entry = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
    if pod["spec"]["restartPolicy"] == "Always":
        ready = [{"type": type_, "status": "True"} for type_ in ("Ready", "ContainersReady")]
        state = {"running": {"startedAt": _now()}}
        return {
            "phase": "Running",
            "conditions": ready,
            "containerStatuses": [entry | {"ready": True, "started": True, "state": state}],
        }
    ended = {"exitCode": 0, "message": SUMMARIES[component].encode(), "startedAt": _now(), "finishedAt": _now()}
    return {
        "phase": "Succeeded",
        "containerStatuses": [entry | {"ready": False, "started": False, "state": {"terminated": ended}}],
    }


async def tell_status(client: Client, pod: Manifest) -> None:
    """Write a pod's status to the server."""
    key = Key(Kind.POD, pod["metadata"]["namespace"], pod["metadata"]["name"])
    merge = "application/strategic-merge-patch+json"
    body = {"status": status_of(pod)}
    await client.request("PATCH", f"{object_path(key)}/status", about=Kind.POD, body=body, content_type=merge)


async def _advance(client: Client, namespace: str | None) -> None:
    path = collection_path(Kind.POD, namespace)
    found = await client.request("GET", path, about=Kind.POD, query={"labelSelector": CHILD_SELECTOR})
    for pod in found["items"]:
        if pod["status"].get("phase") == "Pending" and "deletionTimestamp" not in pod["metadata"]:
            await tell_status(client, pod)


async def _run(client: Client, namespace: str | None) -> None:
    while True:
        with suppress(ClusterError):  # a pod went meanwhile: look again
            await _advance(client, namespace)
        await asyncio.sleep(0.2)


@asynccontextmanager
async def paper_kubelet(client: Client, namespace: str | None = None) -> AsyncIterator[None]:
    """Run pods on paper while entered."""
    task = asyncio.create_task(_run(client, namespace), name="paper kubelet")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
