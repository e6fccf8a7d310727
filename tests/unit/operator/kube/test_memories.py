"""kopf keeps nothing of the objects that it tells of: the one place that knows how it is built inside."""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import version
from types import ModuleType
from typing import Any

import kopf
import pytest

from segue_operator.kube.memories import KopfError, forgetful_memories

BODY: Any = {"metadata": {"uid": "1"}}
WAY_OUT = (
    f"kopf {version('kopf')} is built otherwise than 1.45: see what became of kopf's memories (kopf.operator's "
    "parameter 'memories'), adapt segue_operator/kube/memories.py, then the range in operator/pyproject.toml"
)


async def test_nothing_is_remembered() -> None:
    try:
        memories = forgetful_memories()
        first = await memories.recall(BODY, noticed_by_listing=True, memobase=kopf.Memo())
        again = await memories.recall(BODY, noticed_by_listing=False, memobase=kopf.Memo())
        kept = [*memories.iter_all_memories(), *memories.iter_all_daemon_memories()]
    except (KopfError, AttributeError, TypeError) as error:
        pytest.fail(f"{WAY_OUT}\n{type(error).__name__}: {error}")
    assert kept == [], WAY_OUT
    assert first is not again, WAY_OUT


def test_kopf_still_takes_memories_from_outside() -> None:
    assert "memories" in inspect.signature(kopf.operator).parameters, WAY_OUT


def test_a_kopf_without_such_a_store_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kopf._core.reactor.inventory", None)
    with pytest.raises(KopfError, match=r"^kopf 1\.\S+ lacks kopf\._core\S+ResourceMemories.*: install kopf 1\.45, or"):
        forgetful_memories()


def test_a_kopf_that_cannot_be_told_to_forget_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class ResourceMemories:
        async def recall(self, raw_body: Any) -> None: ...

    other = ModuleType("inventory")
    vars(other).update(ResourceMemories=ResourceMemories, ResourceMemory=object)
    monkeypatch.setitem(sys.modules, "kopf._core.reactor.inventory", other)
    with pytest.raises(KopfError, match=r"lacks the parameter 'ephemeral' of ResourceMemories\.recall"):
        forgetful_memories()
