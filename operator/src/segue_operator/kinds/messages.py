"""Messages of conditions, events and errors: shortened, with the first of many names, with a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segue_core.contract import wording
from segue_operator.kinds.constants import MESSAGE_LENGTH

FIRST_NAMED = 5
"""How many names a message lists before it says how many more there are."""


def shorten(text: str, length: int = MESSAGE_LENGTH) -> str:
    """Shorten a text to a number of characters; the default is the schema's limit for messages."""
    return wording.shorten(text, length)


def shorten_bytes(text: str, size: int = MESSAGE_LENGTH) -> str:
    """Shorten a text to a number of bytes of UTF-8: the API server limits an event's message in bytes."""
    encoded = text.encode()
    if len(encoded) <= size:
        return text
    return encoded[: size - len("…".encode())].decode(errors="ignore") + "…"


def first_of(names: Sequence[str], total: int | None = None) -> str:
    """List the first names and say how many more there are; ``total`` if more exist than are given."""
    more = (len(names) if total is None else total) - FIRST_NAMED
    return ", ".join(names[:FIRST_NAMED]) + (f" and {more} more" if more > 0 else "")


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant; None if no choice is similar."""
    return next(iter(wording.similar(word, choices, limit=1)), None)
