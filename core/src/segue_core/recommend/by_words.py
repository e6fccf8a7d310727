"""Recommends by words alone: what is typical of the tracks that a network's words fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segue_core.recommend.answer import Recommendations
from segue_core.recommend.answering import answer
from segue_core.recommend.filters import Filters
from segue_core.recommend.prepared import denied
from segue_core.recommend.question import Question, check_limits
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.stated_tastes import sounding_taste

_NONE = Filters()


def recommend_by_words(
    recommender: Recommender, words: str, *, limit: int = 10, artist_cap: int | None = 2, filters: Filters = _NONE
) -> Recommendations:
    """Tracks that all the words fit, the most typical of them first.

    Raises
    ------
    UnknownWordError
        No network can tell one of the words.
    RecommendError
        The words fit no track, or a number is out of range.
    """
    check_limits(limit, artist_cap)
    taste = sounding_taste(recommender.tracks, recommender.space, words)
    choice = denied(recommender.tracks, np.empty(0, dtype=np.intp))
    for rule, mask in replace(filters, words=words).masks(recommender.tracks).items():
        choice.keep(rule, mask)
    return answer(recommender, Question((taste,), choice, limit, artist_cap), ())
