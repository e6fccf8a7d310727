"""Server-side apply for one field manager: what an apply changes in an object. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from segue_operator.api.objects import Manifest


def apply(current: Manifest, wanted: Manifest, previous: Manifest | None, created: Manifest | None) -> Manifest:
    """The object after an apply.

    Maps are merged, lists and scalars replaced. A field that the previous apply had and this one lacks is removed,
    unless it came with the object's creation.

    Parameters
    ----------
    current
        The object as it is.
    wanted
        What is applied.
    previous
        What was applied last, if anything.
    created
        What the object was created with, if it was not created by an apply.
    """
    result = copy.deepcopy(current)
    if previous is not None:
        _remove(result, previous, wanted, created or {})
    _merge(result, wanted)
    return result


def _remove(target: dict[str, Any], previous: Mapping[str, Any], wanted: Mapping[str, Any], kept: Any) -> None:
    for name, value in previous.items():
        is_kept = isinstance(kept, Mapping) and name in kept
        if name not in wanted:
            if not is_kept:
                target.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(wanted[name], Mapping) and isinstance(target.get(name), dict):
            _remove(target[name], value, wanted[name], kept.get(name) if is_kept else {})


def _merge(target: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if isinstance(value, Mapping) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = copy.deepcopy(value)
