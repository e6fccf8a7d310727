"""How pages write numbers, times and names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from segue_core.contract import EventType, Family
from segue_core.contract.measures import MEASURES, Metric

FAMILY_WORDS: Mapping[Family, str] = {
    Family.TIMBRE: "timbre",
    Family.SPECTRAL: "spectrum",
    Family.HARMONY: "harmony",
    Family.RHYTHM: "rhythm",
    Family.LEARNED: "learned",
}

DEEDS: Mapping[EventType, str] = {
    EventType.LIKE: "liked",
    EventType.DISLIKE: "disliked",
    EventType.CLEAR: "took an opinion back",
    EventType.PLAY: "played",
    EventType.SKIP: "skipped",
    EventType.PREFERENCES: "changed what is named or never suggested",
    EventType.ERASE: "erased the profile",
}
"""What a listener did."""
COUNTED: Mapping[EventType, str] = {
    EventType.LIKE: "Likes",
    EventType.DISLIKE: "Dislikes",
    EventType.CLEAR: "Opinions taken back",
    EventType.PLAY: "Plays",
    EventType.SKIP: "Skips",
    EventType.PREFERENCES: "Changes of preferences",
    EventType.ERASE: "Erasures",
}
"""How many of them there are."""

_MEASURES: Mapping[str, str] = {
    **{str(one): words for one, words in MEASURES.items()},
    Metric.ANTI_HUBS: "share of tracks that are in no list",
    Metric.CHURN: "share of tracks that changed their cluster",
    Metric.LIFT: "same genre, as a multiple of chance",
    Metric.SILHOUETTE: "silhouette: how far apart clusters lie",
}


def clock(seconds: float | None) -> str:
    """Minutes and seconds: 3:07."""
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def percent(share: float | None) -> str:
    """A share as a whole percentage."""
    return "" if share is None else f"{100 * share:.0f}%"


def decimal(value: float | None) -> str:
    """A measure with as many digits as people read."""
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def day(moment: str | None) -> str:
    """A time of the API for people: 29 Nov 2026, 19:40 UTC."""
    if not moment:
        return ""
    return f"{datetime.fromisoformat(moment):%-d %b %Y, %H:%M} UTC"


def minus(number: int) -> str:
    """A whole number, with a minus sign that is as wide as a digit."""
    return f"{number}".replace("-", "\N{MINUS SIGN}")


def measure(name: str) -> str:
    """What a measure of a model is, in words."""
    return _MEASURES.get(name) or spaced(name)


def spaced(name: str) -> str:
    """A name of code in words: artistPrecisionAt10 becomes 'artist precision at 10'."""
    return re.sub(r"(?=[A-Z])|(?<=[a-z])(?=\d)", " ", name).lower().strip()


def address(path: str, **query: object) -> str:
    """A path with a query; what is None is left out, and nothing in a value can end it."""
    given = [(name, str(value)) for name, value in query.items() if value is not None]
    return f"{path}?{urlencode(given, errors='replace')}" if given else path


def shares(why: Mapping[Family, float]) -> list[tuple[str, str, float, float, int]]:
    """Segments of a bar of the families' shares: family, word, start and width in percent of the bar, percentage.

    A share may be negative: such a family speaks against the pair. It has no width, and the others share the bar.
    """
    total = sum(max(0.0, share) for share in why.values()) or 1.0
    segments, start = [], 0.0
    for family in Family:
        if family in why:
            width = 100 * max(0.0, why[family]) / total
            segments.append((str(family), FAMILY_WORDS[family], start, width, round(100 * why[family])))
            start += width
    return segments
