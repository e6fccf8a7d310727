"""How messages are worded, wherever they come from: shortened, and with a suggestion for a mistyped name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_CAUSE = "Caused by: "


def quantity(count: int, noun: str) -> str:
    """A number of things: '1 track', '2,000 tracks'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def shorten(text: str, length: int) -> str:
    """The text in at most ``length`` characters; a text that was cut ends in ``…``."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def without_frames(text: str, length: int = 900) -> str:
    """A Java stack trace as one sentence: its first words and its causes, without the frames.

    The last cause is the one that explains; it comes at the end of a trace, where a shortened text has lost it. A text
    that is no trace is returned as it is.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    frames = [number for number, line in enumerate(lines) if _is_frame(line)]
    if not frames:
        return text
    head = " ".join(lines[: frames[0]]) if not lines[0].startswith(_CAUSE) else ""
    causes = list(dict.fromkeys(line for line in lines if line.startswith(_CAUSE) and line not in head))
    said = [part for part in (head, *causes[:1], *causes[1:][-1:]) if part]
    return " ".join(shorten(part, length // 3) for part in said) or text


def _is_frame(line: str) -> bool:
    return line.startswith("at ") or (line.startswith("... ") and line.endswith(" more"))


def similar(word: str, names: Iterable[str], *, limit: int = 3, cutoff: float = 0.6) -> tuple[str, ...]:
    """Names spelt like the word, whatever their case, the most similar first.

    Parameters
    ----------
    cutoff
        Similarity from 0 to 1 that a name needs (`difflib.SequenceMatcher.ratio`).
    """
    by_lower: dict[str, str] = {}
    for name in names:
        by_lower.setdefault(name.lower(), name)
    return tuple(by_lower[found] for found in difflib.get_close_matches(word.lower(), by_lower, n=limit, cutoff=cutoff))


def did_you_mean(suggestions: Sequence[str]) -> str | None:
    """``did you mean a or b?``; None without suggestions."""
    return f"did you mean {' or '.join(suggestions)}?" if suggestions else None
