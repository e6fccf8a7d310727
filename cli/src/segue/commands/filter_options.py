"""Options that narrow a list of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

if TYPE_CHECKING:
    from segue_core.recommend.filters import Filters, Range


def _range(text: str) -> Range:
    from segue_core.recommend.question_errors import RecommendError
    from segue_core.recommend.range_text import parse_range

    try:
        return parse_range(text)
    except RecommendError as error:
        raise ValueError(str(error)) from None


def _check_range(_type: type, text: str | None) -> None:
    if text is not None:
        _range(text)


_RANGE = Parameter(metavar="RANGE", validator=_check_range)
_FILTERS = Group(
    "filters",
    help="RANGE is FROM..TO, FROM.., ..TO or one number. A track whose value is unknown passes no filter for it.",
    sort_key=3,
)


@dataclass(frozen=True)
class FilterOptions:
    """Options that narrow a list."""

    genre: Annotated[
        tuple[str, ...], Parameter(metavar="NAME", help="only this genre; repeat it to allow several")
    ] = ()
    year: Annotated[str | None, _RANGE, Parameter(help="only these years")] = None
    tempo: Annotated[str | None, _RANGE, Parameter(help="only this tempo, in BPM")] = None
    duration: Annotated[str | None, _RANGE, Parameter(help="only this duration, in seconds")] = None
    words: Annotated[
        str,
        Parameter(metavar="TEXT", help="only what sounds like this, as a network estimates; alone, a list of it"),
    ] = ""

    @property
    def filters(self) -> Filters:
        """As the recommender wants them."""
        from segue_core.recommend.filters import Filters

        year, tempo, duration = (
            _range(text) if text is not None else None for text in (self.year, self.tempo, self.duration)
        )
        return Filters(genres=self.genre, year=year, tempo_bpm=tempo, duration_seconds=duration, words=self.words)


FilterSet = Annotated[FilterOptions, Parameter(name="*", group=_FILTERS)]
NO_FILTERS = FilterOptions()
