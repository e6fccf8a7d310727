"""Recommendations from one model in memory: similar to a track, or for a listener.

For each taste, the nearest tracks by cosine are ranked by mutual proximity. Tastes take turns, and every hit says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np

from segue_core.recommend.answer import Journey, Recommendations, Source
from segue_core.recommend.answering import answer, answer_path, first_choice
from segue_core.recommend.arrivals import Arrivals, Content
from segue_core.recommend.aversions import Aversions
from segue_core.recommend.filters import Drop, Filters
from segue_core.recommend.first_run import FIRST_RUN, typical_rows
from segue_core.recommend.journey import LONGEST, SHORTEST
from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.naming import names_of_clusters
from segue_core.recommend.prepared import (
    PreparedListener,
    apply_exclusions,
    apply_preferences,
    denied,
    known_rows,
    name_tastes,
    prepare,
)
from segue_core.recommend.question import PROBES, Question, check_limits, find_tastes
from segue_core.recommend.question_errors import (
    AbsentTrackError,
    EmptyCatalogueError,
    RecommendError,
    UnknownTrackError,
)
from segue_core.recommend.space import Absence, Space
from segue_core.recommend.suggestions import suggest
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Integers
from segue_core.store.records import TrackRecord

_NO_FILTERS = Filters()


class Recommender:
    """Answers questions about one catalogue and one model; immutable, so threads may share it.

    Parameters
    ----------
    model
        Version of the model, ``<catalogue>:<number>``.
    tracks, space
        The tracks that can be recommended, and their vectors.
    absent
        Other known ids, and why they cannot be recommended.
    arrivals
        What `with_tracks` needs to place tracks.

    Raises
    ------
    EmptyCatalogueError
        There are no tracks.
    """

    def __init__(
        self,
        catalogue: str,
        model: str,
        *,
        tracks: Tracks,
        space: Space,
        absent: Mapping[str, Absence] | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        if not tracks.count:
            raise EmptyCatalogueError(
                f"catalogue {catalogue!r} has no track with the features of model {model!r}: apply a TrainingRun"
            )
        self.catalogue = catalogue
        self.model = model
        self.tracks = tracks
        self.space = space
        self.absent: Mapping[str, Absence] = MappingProxyType(dict(absent or {}))
        self.arrivals = arrivals

    @cached_property
    def cluster_names(self) -> tuple[str, ...]:
        """Name of each cluster, 'fast, bright - Techno': the model's, or after the tracks in it now."""
        named = () if self.arrivals is None else self.arrivals.placing.model.cluster_names
        return named or names_of_clusters(self.tracks, self.space)

    @cached_property
    def typical(self) -> tuple[Integers, ...]:
        """Each cluster's rows nearest to its centre, the most typical first; at most 64 a cluster."""
        return typical_rows(self.tracks, self.space)

    def similar(
        self,
        track_id: str,
        *,
        limit: int = 10,
        artist_cap: int | None = 2,
        filters: Filters = _NO_FILTERS,
        probes: int = PROBES,
    ) -> Recommendations:
        """Tracks like this one; parameters and errors as for `recommend`."""
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
        """Tracks for likes and dislikes.

        Parameters
        ----------
        likes
            At least one id; the order does not matter.
        dislikes
            Ids; tracks near a dislike lose score, tracks nearer to a dislike than to any like are left out.
        limit
            Number of hits wanted, at least 1.
        artist_cap
            Maximum number of hits by one artist; None for no maximum.
        filters
            Filters that every hit must pass.
        probes
            Minimum number of the index's cells to search.

        Raises
        ------
        UnknownTrackError
            An id is not in the catalogue; the message suggests similar ones.
        AbsentTrackError
            A track is not in the model.
        RecommendError
            There are no likes, an id is both liked and disliked, or a number is out of range.
        """
        if not likes:
            raise RecommendError("there is nothing to compare with: give at least one track or like")
        check_limits(limit, artist_cap)
        both = sorted(set(likes) & set(dislikes))
        if both:
            raise RecommendError(f"track {both[0]!r} is both liked and disliked")
        liked = np.array(sorted({self._row(track_id) for track_id in likes}), dtype=np.intp)
        disliked = np.array(sorted({self._row(track_id) for track_id in dislikes}), dtype=np.intp)
        seeds = np.union1d(liked, disliked)
        choice = denied(self.tracks, seeds)
        for rule, mask in filters.masks(self.tracks).items():
            choice.keep(rule, mask)
        tastes = find_tastes(self.space, liked)
        aversions = Aversions.of(self.space, dislikes=disliked, liked=liked)
        question = Question(tastes, choice, limit, artist_cap, aversions, probes=probes, given=seeds)
        return answer(self, question, name_tastes(self.tracks, tastes))

    def prepare(self, view: ListenerView, previous: PreparedListener | None = None) -> PreparedListener:
        """Group what is known of a listener into tastes, so that several questions can use it.

        Parameters
        ----------
        view
            The listener; ids that the catalogue does not have are passed over.
        previous
            What was prepared for the same listener before: tastes whose likes and plays have not changed are kept.
        """
        same = previous is not None and previous.tracks.same_rows(self.tracks)
        return prepare(self.tracks, self.space, view, previous, same_rows=same)

    def for_listener(
        self,
        listener: ListenerView | PreparedListener,
        *,
        limit: int = 20,
        artist_cap: int | None = 2,
        filters: Filters = _NO_FILTERS,
        exclude: Collection[str] = (),
        queue: Sequence[str] = (),
    ) -> Recommendations:
        """Tracks for a listener, whatever is known of them.

        Parameters
        ----------
        listener
            A view, or what `prepare` made of it; one that another model's recommender prepared is prepared again.
        limit
            Number of hits wanted, at least 1; a first-run choice has at most 12.
        artist_cap
            Maximum number of hits by one artist; None for no maximum.
        filters
            Filters that every hit must pass.
        exclude
            Ids that the request leaves out; unknown ids are passed over, as in ``queue``.
        queue
            Ids that will be played next: neither they nor near-duplicates of them are hits.

        Raises
        ------
        UnknownGenreError
            No track has one of the filters' genres.
        RecommendError
            A number is out of range.
        """
        check_limits(limit, artist_cap)
        known = self._prepared(listener)
        preferences, choice = known.view.preferences, known.choice.copy()
        apply_exclusions(self.tracks, choice, preferences)
        choice.deny(Drop.OMITTED, known_rows(self.tracks, exclude))
        queued = known_rows(self.tracks, queue)
        choice.deny(Drop.QUEUED, self.tracks.duplicates_of(queued))
        stated = any(taste.source is Source.PREFERENCES for taste in known.tastes)
        apply_preferences(self.tracks, choice, preferences, only=stated)
        for rule, mask in filters.masks(self.tracks).items():
            choice.keep(rule, mask)
        if not known.tastes:
            return first_choice(self, choice, min(limit, FIRST_RUN))
        question = Question(known.tastes, choice, limit, artist_cap, known.aversions, queued, known.given)
        return answer(self, question, known.names)

    def path(self, start: str, end: str, count: int = 10) -> Journey:
        """Tracks that lead from one to another in small hops.

        Parameters
        ----------
        start, end
            Ids of two different tracks: the first and the last of the journey.
        count
            Number of tracks, both ends included: 2 to 100.

        Raises
        ------
        UnknownTrackError
            An id is not in the catalogue; the message suggests similar ones.
        AbsentTrackError
            A track is not in the model.
        RecommendError
            Both ends are the same, or ``count`` is out of range.
        """
        if not SHORTEST <= count <= LONGEST:
            raise RecommendError(f"a path has {SHORTEST} to {LONGEST} tracks, not {count}")
        first, last = self._row(start), self._row(end)
        if first == last:
            raise RecommendError(f"a path from {start!r} to itself has no tracks between; give two different tracks")
        return answer_path(self, first, last, count)

    def with_tracks(self, added: Sequence[TrackRecord] = (), removed: Collection[str] = ()) -> Recommender:
        """A recommender that also has, or no longer has, some tracks; this one does not change.

        Both share their arrays, so it costs as much as the tracks that are added; only when an eighth of the rows
        belongs to removed tracks, everything is copied.

        Parameters
        ----------
        added
            Stored tracks, placed into the model and marked as new; one that the model has already is replaced. A
            track that does not fit the model is recorded as absent, with its reason.
        removed
            Ids; unknown ids are passed over.

        Raises
        ------
        RecommendError
            This recommender was made without its model's document.
        EmptyCatalogueError
            No track is left.
        """
        if self.arrivals is None:
            raise RecommendError(f"model {self.model!r} cannot place tracks: its document is not in memory")
        content = self.arrivals.change(Content(self.tracks, self.space, self.absent), added, removed)
        return Recommender(
            self.catalogue, self.model, tracks=content.tracks, space=content.space, absent=content.absent,
            arrivals=self.arrivals,
        )  # fmt: skip

    def has(self, record: TrackRecord) -> bool:
        """Whether `with_tracks` would change nothing, because the track is there with the same features and tags."""
        return self.arrivals is not None and self.arrivals.knows(self.tracks, self.space, record)

    def _prepared(self, listener: ListenerView | PreparedListener) -> PreparedListener:
        if isinstance(listener, ListenerView):
            return self.prepare(listener)
        return listener if listener.tracks is self.tracks else self.prepare(listener.view, listener)

    def _row(self, track_id: str) -> int:
        row = self.tracks.row_of.get(track_id)
        if row is not None:
            return row
        absence = self.absent.get(track_id)
        if absence is not None:
            raise AbsentTrackError(track_id, absence.reason, absence.message)
        raise UnknownTrackError(self.catalogue, track_id, suggest(self.tracks, track_id))
