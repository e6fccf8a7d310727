"""Build hook of the five distributions: their wheels require each other in their own version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_OURS = re.compile(r"segue(-\w+)?(\[[\w,-]+\])?")
"""A requirement of one of the five, with or without extras."""


class PinnedSiblings(MetadataHookInterface):
    """Adds the version to each requirement of another Segue distribution.

    The pyproject.toml files leave it out, so that the version stands in one place, ``segue_core.__version__``.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Pin what one installs with and without extras."""
        version = metadata["version"]
        for wanted in (metadata.get("dependencies", []), *metadata.get("optional-dependencies", {}).values()):
            wanted[:] = _pinned(wanted, version)


def _pinned(requirements: Iterable[str], version: str) -> list[str]:
    return [f"{wanted}=={version}" if _OURS.fullmatch(wanted) else wanted for wanted in requirements]
