"""The whole operator ends when it is told to, whatever it is doing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from segue_operator.children.config import ChildConfig, KafkaAccess
from segue_operator.kinds.objects import Kind
from segue_operator.kube import composition
from segue_operator.kube.composition import Operator
from segue_operator.kube.operator_settings import Settings

SETTINGS = Settings(children=ChildConfig(kafka=KafkaAccess(bootstrap="kafka:9092")), http_port=0)


async def test_a_stop_while_kopf_is_restarted_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    restarting = asyncio.Event()

    class SlowToStop:
        def __init__(self, *_: Any) -> None: ...

        async def run(self, _: object) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                restarting.set()
                await asyncio.sleep(0.1)

    class OneMoreKind:
        async def find_kinds(self) -> frozenset[Kind]:
            return frozenset({Kind.JOB})

        async def fill(self) -> None: ...

    monkeypatch.setattr(composition, "Watches", SlowToStop)
    operator: Any = Operator(SETTINGS, composition.Pace(kinds=0.01))
    intake: Any = type("Intake", (), {"take": None})()
    task = asyncio.create_task(operator._watch(OneMoreKind(), intake))
    await restarting.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=10)
    assert done, "it is still watching"
    assert task.cancelled()
