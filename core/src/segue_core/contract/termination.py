"""Termination summaries: what a program leaves for the operator, always within 4 KiB.

Needs only the standard library.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

TERMINATION_MESSAGE_BYTES = 4096


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _printable(value: Any) -> Any:
    r"""The JSON value with valid UTF-8 strings: undecodable bytes of a path become ``\udcNN``."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_printable(entry) for entry in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(entry) for key, entry in value.items()}
    return value


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every list, object and string in a JSON value, as its container and its key there."""
    entries = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
    for key, value in entries:
        if isinstance(value, dict | list | str):
            yield holder, key
            yield from _places(value)


_SHORTENING: tuple[tuple[type, int, Callable[[Any], Any]], ...] = (
    (list, 1, lambda value: value[: len(value) // 2]),
    (str, 40, lambda value: value[: len(value) // 2] + "…"),
    (dict, 0, lambda value: dict(list(value.items())[: len(value) // 2])),
)
"""What may be shortened, in this order: type, minimum length, and how."""


def _shorten(document: dict[str, Any]) -> bool:
    """Make the summary one step smaller: halve its largest list, else its largest string, else its largest object."""
    for kind, least, shorter in _SHORTENING:
        places = [(holder, key) for holder, key in _places(document) if isinstance(holder[key], kind)]
        places = [(holder, key) for holder, key in places if len(holder[key]) > least]
        if places:
            holder, key = max(places, key=lambda place: len(json.dumps(place[0][place[1]])))
            holder[key] = shorter(holder[key])
            return True
    return False


def _is_of_type(value: Any, hint: Any) -> bool:
    """Whether a JSON value has a field's type; whole numbers are counts, so never negative."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_is_of_type(value, part) for part in parts)
    if origin is dict:
        return isinstance(value, dict) and all(_is_of_type(entry, parts[1]) for entry in value.values())
    if origin is list:
        return isinstance(value, list) and all(_is_of_type(entry, parts[0]) for entry in value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, hint)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a program leaves in its termination message; ``error`` is set when it failed."""

    error: str | None = None
    """Why the program failed, for people."""

    def encode(self) -> str:
        """JSON of at most 4 KiB; long lists and strings are cut before anything else."""
        document = {
            _camel(item.name): value
            for item in dataclasses.fields(self)
            if (value := getattr(self, item.name)) is not None
        }
        document = _printable(json.loads(json.dumps(document)))
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        while len(text.encode()) > TERMINATION_MESSAGE_BYTES and _shorten(document):
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return text

    @classmethod
    def decode(cls, text: str | None) -> Self | None:
        """Parse a termination message; None if it is not this summary (but an old program's, or the end of a log)."""
        try:
            document = json.loads(text or "")
        except ValueError:
            return None
        if not isinstance(document, Mapping):
            return None
        hints = typing.get_type_hints(cls)
        known = {_camel(item.name): item.name for item in dataclasses.fields(cls)}
        given = {known[key]: value for key, value in document.items() if key in known}
        if not all(_is_of_type(value, hints[name]) for name, value in given.items()):
            return None
        return cls(**given)
