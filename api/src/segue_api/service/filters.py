"""Filters and preferences of a request, as the recommender takes them."""

from __future__ import annotations

from segue_api.problems import Fault, Problem, ProblemError
from segue_api.wire.common import FilterParameters
from segue_core.recommend.filters import Filters, Range
from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.range_text import parse_range


def filters_of(parameters: FilterParameters) -> Filters:
    """The filters of a request.

    Raises
    ------
    ProblemError
        A range is not valid.
    """
    return Filters(
        genres=parameters.genre,
        year=_range("year", parameters.year),
        tempo_bpm=_range("tempo", parameters.tempo),
        duration_seconds=_range("duration", parameters.duration),
        words=parameters.sounds,
    )


def _range(name: str, text: str | None) -> Range | None:
    if text is None:
        return None
    try:
        return parse_range(text)
    except RecommendError as error:
        raise ProblemError(
            Problem.INVALID_PARAMETER,
            f"parameter {name!r}: {error}",
            faults=(Fault(pointer=name, detail=str(error)),),
        ) from error
