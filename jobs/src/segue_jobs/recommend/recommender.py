"""Recommendations from one model in memory: similar to a track, or to a listener's likes.

Each taste's nearest tracks by exact cosine are put in order by mutual proximity, the tastes take turns, and every hit
says which like it came from and why. The same question gets the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np

from segue_jobs.recommend.answer import Hit, Recommendations
from segue_jobs.recommend.errors import AbsentTrackError, EmptyCatalogueError, RecommendError, UnknownTrackError
from segue_jobs.recommend.filters import Drop, Filters
from segue_jobs.recommend.selection import Candidate, Selection, select
from segue_jobs.recommend.space import Absence, Space
from segue_jobs.recommend.tastes import centre, group_tastes
from segue_jobs.recommend.tracks import Tracks
from segue_jobs.similarity.arrays import Booleans, Doubles, Integers, Singles
from segue_jobs.similarity.aspects import differences, sentence
from segue_jobs.similarity.explain import family_shares, similar_families
from segue_jobs.similarity.names import name_clusters
from segue_jobs.similarity.proximity import (
    ProximityStatistics,
    mutual_proximity_distance,
    proximity_statistics,
)
from segue_jobs.similarity.search import PROBES, exact_cosines

POOL = 200
"""Candidates of a taste that mutual proximity puts in order; more when caps and duplicates use them up."""
_WIDEN = 4
_SAME_TASTE = 1.0
"""Likes are one taste when they are nearer to each other than usual by so many deviations (84 % are farther)."""
_LEAST_THRESHOLD = 0.05
_PUSH = 0.5
"""Share of its score that a track loses when it is as near to a dislike as can be."""
_NO_FILTERS = Filters()


@dataclass(frozen=True)
class _Taste:
    rows: Integers
    query: Singles
    statistics: ProximityStatistics
    """Of one row."""


@dataclass(frozen=True)
class _Question:
    tastes: tuple[_Taste, ...]
    dislikes: Integers
    allowed: Booleans
    limit: int
    artist_cap: int | None
    dropped: Counter[Drop] = field(default_factory=Counter)


class Recommender:
    """Answers for one catalogue and one model; safe to share between threads, as it never changes.

    Parameters
    ----------
    catalogue
        Name of the catalogue.
    model
        Version of the model, ``<catalogue>:<number>``.
    tracks
        The tracks that can be recommended.
    space
        Their vectors.
    absent
        Known ids that are not among them, and why.

    Raises
    ------
    EmptyCatalogueError
        There is no track.
    """

    def __init__(
        self, catalogue: str, model: str, *, tracks: Tracks, space: Space, absent: Mapping[str, Absence] | None = None
    ) -> None:
        if not len(tracks):
            raise EmptyCatalogueError(
                f"catalogue {catalogue!r} has no track with the features of model {model!r}: apply a TrainingRun"
            )
        self.catalogue = catalogue
        self.model = model
        self.tracks = tracks
        self.space = space
        self.absent = MappingProxyType(dict(absent or {}))

    @cached_property
    def cluster_names(self) -> tuple[str, ...]:
        """Name of each cluster, by what is in it now: 'fast, bright - Techno'."""
        genres = [card.genres for card in self.tracks.cards]
        return name_clusters(self.tracks.clusters, self.space.aspects, genres, len(self.space.index.centres))

    def similar(
        self,
        track_id: str,
        *,
        limit: int = 10,
        artist_cap: int | None = 2,
        filters: Filters = _NO_FILTERS,
        probes: int = PROBES,
    ) -> Recommendations:
        """Tracks like this one; parameters and errors as `recommend`."""
        return self.recommend([track_id], limit=limit, artist_cap=artist_cap, filters=filters, probes=probes)

    def recommend(
        self,
        likes: Sequence[str],
        dislikes: Sequence[str] = (),
        *,
        limit: int = 10,
        artist_cap: int | None = 2,
        filters: Filters = _NO_FILTERS,
        probes: int = PROBES,
    ) -> Recommendations:
        """Tracks for a listener.

        Parameters
        ----------
        likes
            Ids, at least one; their order does not matter.
        dislikes
            Ids; what is near to one loses score, what is nearer to one than to the likes is left out.
        limit
            Hits wanted, at least 1.
        artist_cap
            Hits of one artist at most; None for any number.
        filters
            What a hit must be like.
        probes
            Nearest cells that are searched at least.

        Raises
        ------
        UnknownTrackError
            An id is not in the catalogue; similar ones are suggested.
        AbsentTrackError
            A track is not part of the model.
        RecommendError
            Nothing is liked, an id is both liked and disliked, or a number is out of range.
        """
        question = self._question(likes, dislikes, limit, artist_cap, filters)
        selection = self._select(question, probes)
        because = self._seed_of(question, selection.chosen)
        hits = tuple(
            self._hit(candidate, question.tastes[candidate.taste], seed)
            for candidate, seed in zip(selection.chosen, because, strict=True)
        )
        dropped = question.dropped + selection.dropped
        return Recommendations(
            model=self.model,
            hits=hits,
            tastes=tuple(tuple(self._id(row) for row in taste.rows) for taste in question.tastes),
            dropped=MappingProxyType({rule: dropped[rule] for rule in Drop if dropped[rule]}),
            note=self._note(len(hits), limit, dropped),
        )

    # The question

    def _question(
        self, likes: Sequence[str], dislikes: Sequence[str], limit: int, artist_cap: int | None, filters: Filters
    ) -> _Question:
        if not likes:
            raise RecommendError("nothing to go by: give at least one track or like")
        if limit < 1 or (artist_cap is not None and artist_cap < 1):
            raise RecommendError(f"limit ({limit}) and artist cap ({artist_cap}) must be at least 1")
        both = sorted(set(likes) & set(dislikes))
        if both:
            raise RecommendError(f"track {both[0]!r} is both liked and disliked")
        liked = np.array(sorted({self._row(track_id) for track_id in likes}), dtype=np.intp)
        disliked = np.array(sorted({self._row(track_id) for track_id in dislikes}), dtype=np.intp)
        allowed, dropped = self._allowed(np.concatenate((liked, disliked)), filters)
        return _Question(
            tastes=self._tastes(liked),
            dislikes=disliked,
            allowed=allowed,
            limit=limit,
            artist_cap=artist_cap,
            dropped=dropped,
        )

    def _row(self, track_id: str) -> int:
        row = self.tracks.row_of.get(track_id)
        if row is not None:
            return row
        absence = self.absent.get(track_id)
        if absence is not None:
            raise AbsentTrackError(track_id, absence.reason, absence.message)
        raise UnknownTrackError(self.catalogue, track_id, self.tracks.suggest(track_id))

    def _id(self, row: int) -> str:
        return self.tracks.cards[row].track_id

    def _allowed(self, seeds: Integers, filters: Filters) -> tuple[Booleans, Counter[Drop]]:
        allowed, dropped = np.ones(len(self.tracks), dtype=np.bool_), Counter[Drop]()
        itself = np.ones(len(self.tracks), dtype=np.bool_)
        itself[seeds] = False
        rules = {Drop.SEED: itself, Drop.DUPLICATE: ~self.tracks.duplicates_of(seeds)} | filters.masks(self.tracks)
        for rule, mask in rules.items():
            dropped[rule] = int(np.count_nonzero(allowed & ~mask))
            allowed &= mask
        return allowed, dropped

    def _tastes(self, liked: Integers) -> tuple[_Taste, ...]:
        vectors = self.space.index.vectors(liked)
        statistics = self.space.proximity.take(liked)
        usual = 1.0 - float((statistics.mean - _SAME_TASTE * statistics.deviation).mean())
        tastes = []
        for group in group_tastes(vectors, max(_LEAST_THRESHOLD, usual)):
            rows = liked[group]
            query = centre(vectors[group]) if len(rows) > 1 else vectors[group[0]]
            own = self.space.proximity.take(rows) if len(rows) == 1 else self._statistics(query)
            tastes.append(_Taste(rows=rows, query=query, statistics=own))
        return tuple(tastes)

    def _statistics(self, query: Singles) -> ProximityStatistics:
        return proximity_statistics(query[None], self.space.reference)

    # The answer

    def _select(self, question: _Question, probes: int) -> Selection:
        pool = max(POOL, question.limit)
        sizes = [len(taste.rows) for taste in question.tastes]
        available = int(np.count_nonzero(question.allowed))
        while True:
            found = [self._rank(number, question, pool, probes) for number in range(len(question.tastes))]
            rankings = [ranking for ranking, _ in found]
            selection = select(rankings, sizes, self.tracks, limit=question.limit, artist_cap=question.artist_cap)
            if len(selection.chosen) == question.limit or pool >= available:
                disliked = set().union(*(rows for _, rows in found))
                disliked.difference_update(candidate.row for candidate in selection.chosen)
                selection.dropped[Drop.DISLIKED] = len(disliked)
                return selection
            pool *= _WIDEN

    def _rank(self, number: int, question: _Question, pool: int, probes: int) -> tuple[list[Candidate], frozenset[int]]:
        """One taste's candidates, best first, and the rows among them that are nearer to a dislike."""
        taste = question.tastes[number]
        found = self.space.index.search(taste.query, pool, probes=probes, allowed=question.allowed)
        apart = 1.0 - found.cosines
        distances = mutual_proximity_distance(apart, taste.statistics, self.space.proximity.take(found.rows))
        disliked = np.zeros(len(found.rows), dtype=np.bool_)
        if len(question.dislikes):
            to_dislike = self._distances_to_dislikes(found.rows, question.dislikes)
            disliked = to_dislike < distances
            distances = distances + (1.0 - distances) * _PUSH * (1.0 - to_dislike)
        ranking = [
            Candidate(
                row=int(found.rows[place]),
                taste=number,
                cosine=float(found.cosines[place]),
                score=float(1.0 - distances[place]),
            )
            for place in np.lexsort((found.rows, apart, distances))
            if not disliked[place]
        ]
        return ranking, frozenset(found.rows[disliked].tolist())

    def _distances_to_dislikes(self, rows: Integers, dislikes: Integers) -> Doubles:
        """Mutual proximity distance of each row to the dislike with the largest cosine."""
        vectors = self.space.index.vectors(rows)
        nearest = dislikes[np.argmax(vectors @ self.space.index.vectors(dislikes).T, axis=1)]
        apart = 1.0 - exact_cosines(vectors, self.space.index.vectors(nearest))
        proximity = self.space.proximity
        return mutual_proximity_distance(apart, proximity.take(nearest), proximity.take(rows))

    def _seed_of(self, question: _Question, chosen: Sequence[Candidate]) -> list[int]:
        """For each hit the like of its taste that is nearest, ties to the smaller id."""
        seeds = []
        for candidate in chosen:
            rows = question.tastes[candidate.taste].rows
            hit = self.space.index.vectors(np.array([candidate.row]))
            seeds.append(int(rows[np.argmax(exact_cosines(self.space.index.vectors(rows), hit))]))
        return seeds

    def _hit(self, candidate: Candidate, taste: _Taste, seed: int) -> Hit:
        card = self.tracks.cards[candidate.row]
        hit, like = self.space.index.vectors(np.array([candidate.row, seed]))
        alike = similar_families(like, hit, self.space.slices)
        different = differences(
            self.space.aspects[seed],
            self.space.aspects[candidate.row],
            seed_bpm=float(self.tracks.tempos[seed]),
            hit_bpm=float(self.tracks.tempos[candidate.row]),
        )
        return Hit(
            track_id=card.track_id,
            title=card.title,
            artist=card.artist,
            album=card.album,
            genres=card.genres,
            cluster=int(self.tracks.clusters[candidate.row]),
            score=candidate.score,
            similarity=candidate.cosine,
            why=family_shares(taste.query, hit, self.space.slices),
            words=sentence(family_shares(like, hit, self.space.slices), alike, different),
            because=self._id(seed),
            new=bool(self.tracks.new[candidate.row]),
        )

    def _note(self, found: int, limit: int, dropped: Counter[Drop]) -> str | None:
        if found == limit:
            return None
        if len(self.tracks) == 1:
            return "the catalogue has no other track"
        rules = ", ".join(f"{dropped[rule]} by {rule}" for rule in Drop if dropped[rule])
        return f"only {found} of {len(self.tracks)} tracks are left; left out: {rules}"
