"""Build hook of the five distributions: wheels require each other in their own version and name their repository."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_OURS = re.compile(r"segue(-\w+)?(\[[\w,-]+\])?")
"""A requirement of one of the five, with or without extras."""


class PinnedSiblings(MetadataHookInterface):
    """Adds the version to each requirement of another Segue distribution, and the repository's addresses.

    The pyproject.toml files leave the version out, so that it stands in one place, ``segue_core.__version__``. They
    leave the addresses out because only who publishes wheels knows them: ``SEGUE_HOMEPAGE`` is the repository's.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Pin what one installs with and without extras; add the addresses if they are known."""
        metadata["urls"] = _urls(os.environ.get("SEGUE_HOMEPAGE", ""), metadata["version"])
        version = metadata["version"]
        for wanted in (metadata.get("dependencies", []), *metadata.get("optional-dependencies", {}).values()):
            wanted[:] = _pinned(wanted, version)


def _pinned(requirements: Iterable[str], version: str) -> list[str]:
    return [f"{wanted}=={version}" if _OURS.fullmatch(wanted) else wanted for wanted in requirements]


def _urls(homepage: str, version: str) -> dict[str, str]:
    if not homepage:
        return {}
    return {
        "Homepage": homepage,
        "Documentation": f"{homepage}/tree/v{version}/docs",
        "Changelog": f"{homepage}/blob/v{version}/CHANGELOG.md",
        "Issues": f"{homepage}/issues",
    }
