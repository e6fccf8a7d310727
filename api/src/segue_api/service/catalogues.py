"""The catalogues in memory: which model each is served with, and what a question is answered from."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from segue_api.problems import Problem, ProblemError
from segue_api.service.browse import NamedGroup, genres_of
from segue_api.service.map_points import map_points, with_kinds
from segue_api.service.reach import Reach, measure_reach
from segue_api.service.recent_lists import RecentLists
from segue_api.service.search import SearchTexts, present_rows
from segue_core.contract.wording import similar
from segue_core.recommend.feature_shift import FeatureShift, feature_shift
from segue_core.recommend.recommender import Recommender
from segue_core.similarity.arrays import Integers
from segue_core.store.models import ModelDocument
from segue_core.store.records import TrackRecord


@dataclass(frozen=True)
class Served:
    """A catalogue with one model, never changed: a request keeps the one that it began with until it ends."""

    name: str
    model: ModelDocument
    recommender: Recommender
    texts: SearchTexts

    @cached_property
    def points(self) -> bytes:
        """The map, 5 bytes a track."""
        return map_points(self.recommender)

    @cached_property
    def points_by_genre(self) -> bytes:
        """The same points, with the place of each track's first genre among `genres`."""
        return with_kinds(self.points, self.recommender.tracks, self.rows, [one.name for one in self.genres])

    @cached_property
    def rows(self) -> Integers:
        """Rows of the tracks that can be recommended, in the order of a search without words and of the map."""
        return np.flatnonzero(present_rows(self.recommender.tracks))

    @cached_property
    def genres(self) -> tuple[NamedGroup, ...]:
        """The genres, those with most tracks first."""
        return tuple(genres_of(self.recommender.tracks))

    @cached_property
    def recent_lists(self) -> RecentLists:
        """Recommendations that were answered lately."""
        return RecentLists()

    @cached_property
    def reach(self) -> Reach:
        """Hubs and anti-hubs; takes seconds the first time."""
        return measure_reach(self.recommender)

    @cached_property
    def shift(self) -> FeatureShift | None:
        """How the features of the new tracks differ from the training's."""
        return feature_shift(self.recommender.tracks, self.recommender.space, self.model.feature_ranges)

    @cached_property
    def cluster_numbers(self) -> tuple[int, ...]:
        """Permanent number of each cluster."""
        return self.model.cluster_numbers or tuple(range(self.model.k))

    def changed(self, recommender: Recommender) -> Served:
        """The same model with other tracks."""
        if self.recommender.tracks.same_rows(recommender.tracks):
            return replace(self, recommender=recommender)
        texts = SearchTexts()
        texts.update(recommender.tracks)  # now, and not when somebody searches
        return replace(self, recommender=recommender, texts=texts)


class Catalogues:
    """The catalogues that are served; loading replaces them while requests use them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: Mapping[str, Served] = MappingProxyType({})
        self._problems: Mapping[str, str] = MappingProxyType({})
        self.is_loading = True
        """Whether the active models have not all been looked at yet."""

    @property
    def served(self) -> Mapping[str, Served]:
        """All that are loaded."""
        return self._served

    @property
    def problems(self) -> Mapping[str, str]:
        """Catalogues whose active model cannot be served, and why; an older model may be in service."""
        return self._problems

    def find(self, name: str | None) -> Served:
        """The catalogue of a request.

        Raises
        ------
        ProblemError
            There is no such catalogue, it is not loaded yet, or several are served and the request names none.
        """
        served = self._served
        if name is None:
            if len(served) == 1:
                return next(iter(served.values()))
            raise self._no_choice(sorted(served))
        if name in served:
            return served[name]
        if self.is_loading:
            raise self._still_loading()
        if name in self._problems:
            raise ProblemError(
                Problem.NOT_LOADED, f"catalogue {name!r} cannot be served: {self._problems[name]}", retry_after=5
            )
        known = ", ".join(sorted(served)) or "none"
        raise ProblemError(
            Problem.UNKNOWN_CATALOGUE,
            f"there is no catalogue {name!r}; catalogues served: {known}",
            suggestions=tuple(similar(name, served)),
        )

    def _no_choice(self, names: Sequence[str]) -> ProblemError:
        if names:
            return ProblemError(
                Problem.CATALOGUE_NEEDED, f"add ?catalogue=, one of {', '.join(names)}", suggestions=tuple(names)
            )
        if self.is_loading and not self._problems:
            return self._still_loading()
        problems = "; ".join(f"{name}: {why}" for name, why in sorted(self._problems.items()))
        return ProblemError(
            Problem.NOT_LOADED, problems or "no catalogue has an active model: apply a TrainingRun", retry_after=5
        )

    def _still_loading(self) -> ProblemError:
        return ProblemError(Problem.NOT_LOADED, "the catalogues are being loaded; try again in a moment", retry_after=2)

    def put(self, served: Served) -> None:
        """Serve a catalogue with a model from now on."""
        with self._lock:
            self._served = MappingProxyType({**self._served, served.name: served})
            self._problems = MappingProxyType(
                {name: why for name, why in self._problems.items() if name != served.name}
            )

    def report(self, name: str, problem: str) -> None:
        """Note why a catalogue's active model cannot be served; what is in service stays."""
        with self._lock:
            self._problems = MappingProxyType({**self._problems, name: problem})

    def change_tracks(self, name: str, added: Sequence[TrackRecord], removed: Collection[str] = ()) -> int:
        """Add, replace and remove tracks of a catalogue; return how many it did not have like that already."""
        with self._lock:
            served = self._served.get(name)
            if served is None:
                return 0
            fresh = [record for record in added if not served.recommender.has(record)]
            gone = [track_id for track_id in removed if track_id in served.recommender.tracks.row_of]
            if fresh or gone:
                changed = served.changed(served.recommender.with_tracks(fresh, gone))
                self._served = MappingProxyType({**self._served, name: changed})
            return len(fresh) + len(gone)
