"""kopf's memory of each object, for daemons and change handlers, which there are none of: kept for no object.

kopf takes a store of memories (``kopf.operator(memories=...)``), but has no public name for what it takes. So this
module, and no other, reaches into its insides, and says so when another kopf is built otherwise.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any


class KopfError(Exception):
    """The installed kopf is built otherwise than those that were tried; the message says what is missing."""


def forgetful_memories() -> Any:
    """A store of memories that keeps none, so that kopf's share of memory does not grow with the objects watched.

    Raises
    ------
    KopfError
        The installed kopf has no such store, or one that cannot be told to keep nothing.
    """
    try:
        from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory
    except ImportError as error:
        raise KopfError(_missing("kopf._core.reactor.inventory.ResourceMemories")) from error
    if "ephemeral" not in inspect.signature(ResourceMemories.recall).parameters:
        raise KopfError(_missing("the parameter 'ephemeral' of ResourceMemories.recall"))

    class Forgetful(ResourceMemories):
        """Memories that last for one event."""

        async def recall(self, raw_body: Any, **options: Any) -> ResourceMemory:
            """Memory for one event alone."""
            return await super().recall(raw_body, **(options | {"ephemeral": True}))

    return Forgetful()


def _missing(what: str) -> str:
    return (
        f"kopf {version('kopf')} lacks {what}, by which it is kept from remembering every object: "
        "install kopf 1.45, or adapt segue_operator/kube/memories.py"
    )
