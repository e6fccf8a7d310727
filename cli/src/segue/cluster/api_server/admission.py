"""What the local API server refuses. Pure.

Segue's own kinds are checked by their models, and children come from the operator's builders: two rules are left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from segue_operator.controller.cluster import InvalidError
from segue_operator.kinds.objects import Key, Kind

AMENDABLE: Mapping[Kind, frozenset[str]] = {
    Kind.JOB: frozenset({"suspend", "parallelism"}),
    Kind.SPARK_APPLICATION: frozenset({"suspend"}),
}
"""Kinds that are created once, and the fields of their spec that an apply may change."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def check_name(key: Key) -> None:
    """Check name and namespace, which become paths of files.

    Raises
    ------
    InvalidError
        One of them is not a valid name.
    """
    for field, value in (("name", key.name), ("namespace", key.namespace)):
        if not (isinstance(value, str) and len(value) <= 253 and _NAME.fullmatch(value)):
            raise InvalidError(
                f"metadata.{field}: {value!r} must be lower-case letters, digits, '-' or '.', at most 253 characters"
            )


def check_amendment(kind: Kind, old: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """Check what an apply changes in the spec of a kind that is created once.

    Raises
    ------
    InvalidError
        It changes a field that stays as it was created.
    """
    for name, value in fields.items():
        if name not in AMENDABLE[kind] and value != old.get(name):
            raise InvalidError(f"spec.{name}: field is immutable")
