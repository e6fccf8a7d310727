"""Kubernetes' ``$(NAME)`` expansion in commands, arguments and values, and how to keep a text out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def escape(text: str) -> str:
    """Write a text so that the kubelet leaves it as it is: a file may be named ``$(HOME)``."""
    return text.replace("$", "$$")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Expand as the kubelet does: ``$$`` is ``$``, ``$(NAME)`` a variable's value, an unknown name stays."""

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else variables.get(name, match.group(0))

    return _REFERENCE.sub(replace, text)
