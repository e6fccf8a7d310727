"""Ranges as people write them: on the command line and in requests."""

from __future__ import annotations

import math

from segue_core.recommend.filters import Range
from segue_core.recommend.question_errors import RecommendError


def parse_range(text: str) -> Range:
    """``FROM..TO`` with either end left out, or one number.

    Raises
    ------
    RecommendError
        It is not a range, or an empty one.
    """
    low, dots, high = text.partition("..")
    try:
        ends = [float(end) if end.strip() else None for end in ((low, high) if dots else (low, low))]
    except ValueError:
        ends = []
    given = [end for end in ends if end is not None]
    if not given or not all(map(math.isfinite, given)):
        raise RecommendError(f"{text!r} is not a valid range; give one such as 1990..1999, 120.. or ..300")
    return Range(*ends)
