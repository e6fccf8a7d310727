"""A child that has ended is not seen before its pods are, even if the server does not tell at once."""

from __future__ import annotations

from typing import Any

import pytest

from segue_operator.controller.cluster import UnavailableError
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube import intake
from segue_operator.kube.intake import Intake
from segue_operator.kube.mirror import Mirror
from support.waiting import eventually_true
from support.workloads import job

POD: Manifest = {"metadata": {"name": "songs-verify-a", "namespace": "default", "resourceVersion": "5"}}


class Server:
    """Lists pods, after as many failures as it is told."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        if self.failures:
            self.failures -= 1
            raise UnavailableError("busy")
        return {"items": [POD]}


def ended_job() -> Manifest:
    found = job("songs-verify", "true")
    found["metadata"] |= {"namespace": "default", "resourceVersion": "9", "uid": "u"}
    return found | {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}


@pytest.mark.parametrize(("failures", "knows_pod"), [(0, True), (2, True), (9, False)])
async def test_pods_come_before_the_end(monkeypatch: pytest.MonkeyPatch, failures: int, knows_pod: bool) -> None:
    monkeypatch.setattr(intake, "_PAUSES_SECONDS", (0.0, 0.01, 0.01, 0.01))
    mirror, child = Mirror(), ended_job()
    seen: list[str] = []
    mirror.observe(lambda _, after: seen.append(after["kind"] if after else "gone"))
    Intake(Server(failures), mirror).take("MODIFIED", child)  # type: ignore[arg-type]
    await eventually_true(lambda: mirror.get(Key.of(child)))
    assert seen == ([Kind.POD, Kind.JOB] if knows_pod else [Kind.JOB]), "it is not held back for ever"
