"""Names of children, derived from the parent's name alone, so that every pass finds them again."""

from __future__ import annotations

import hashlib

from segue_operator.kinds.constants import Component

LONGEST_NAME = 63
LONGEST_APPLICATION_NAME = 56
"""The Spark operator adds ``-driver``."""


def fit(name: str, length: int) -> str:
    """The name itself, or its beginning and five characters of its digest."""
    if len(name) <= length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:5]
    return f"{name[: length - 6].rstrip('-.')}-{digest}"


def child_name(parent: str, component: Component) -> str:
    """Name of the extract Job or the verify Job of a batch."""
    suffix = f"-{component}"
    return fit(parent, LONGEST_NAME - len(suffix)) + suffix


def application_name(parent: str, attempt: int) -> str:
    """Name of one attempt's SparkApplication."""
    suffix = f"-{Component.TRAIN}-{attempt}"
    return fit(parent, LONGEST_APPLICATION_NAME - len(suffix)) + suffix
