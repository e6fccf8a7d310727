"""The catalogue's active model, beside which a new one is measured: on the features of today, and as it was trained."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segue_core.similarity.arrays import Booleans, Integers, Singles
from segue_core.similarity.cosines import centre_distances
from segue_core.similarity.proximity import Moments
from segue_core.similarity.scaling import Scaling
from segue_core.store.models import Comparison, Difference, ModelDocument
from segue_core.store.unreadable import UnreadableDocumentError
from segue_core.store.vectors import VectorBlock
from segue_jobs.train.comparison import compare
from segue_jobs.train.listing import Judge, Listing
from segue_jobs.train.sample import Sample, artist_names

_MOVED = 1e-3
"""If a track's distance to its centre differs by more, its features have changed since the training."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listed:
    """The tracks whose lists are compared, in the space of one model."""

    vectors: Singles
    """(n, d) unit rows; zero for a track without a direction."""
    moments: Moments
    members: Booleans
    """(n,) which tracks the moments describe."""

    def judged(self, judge: Judge, rows: Integers | None = None) -> Listing:
        """Their lists, or those of some of them among themselves."""
        rows = np.arange(len(self.vectors)) if rows is None else rows
        vectors = self.vectors[rows]
        return judge.judge(vectors, self.moments.usual(vectors, members=self.members[rows]))


class Bench:
    """Measures lists of the sample's tracks in the space of a new model, and compares them with other spaces."""

    def __init__(self, sample: Sample, moments: Moments) -> None:
        self.rows = sample.listed
        self.ids = tuple(sample.ids[row] for row in self.rows)
        self.raw = sample.raw[self.rows]
        self._artists = tuple(sample.artists[row] for row in self.rows)
        self._genres = tuple(sample.genres[row] for row in self.rows)
        self._judge = Judge(self._artists, self._genres)
        self._new = Listed(sample.vectors[self.rows], moments, np.ones(len(self.rows), dtype=np.bool_))
        self._own = self._new.judged(self._judge)

    def metrics(self) -> dict[str, float]:
        """Measures of the new model's lists."""
        return self._judge.measure(self._own)

    def against(self, other: Listed) -> tuple[Difference, ...]:
        """From another space to the new model's, on all tracks."""
        return compare(
            other.judged(self._judge), self._own, artist_names(self.ids, self._artists), self._judge.relevance
        )

    def among(self, rows: Integers, then: Listed, today: Listed) -> tuple[tuple[Difference, ...], ...]:
        """From a space as it was to what it is today, and to the new model's, on some of the tracks."""
        artists = tuple(self._artists[row] for row in rows)
        judge = Judge(artists, tuple(self._genres[row] for row in rows))
        names = artist_names(tuple(self.ids[row] for row in rows), artists)
        before = then.judged(judge, rows)
        return tuple(compare(before, after.judged(judge, rows), names, judge.relevance) for after in (today, self._new))


def is_comparable(model: ModelDocument, active: ModelDocument) -> bool:
    """Whether both models can place the same tracks."""
    return (model.feature_set, model.recipe, model.layout) == (active.feature_set, active.recipe, active.layout)


def compare_with(
    active: ModelDocument,
    bench: Bench,
    places: Mapping[str, tuple[int, float]],
    trained: Callable[[], Iterable[VectorBlock]],
) -> Comparison:
    """Measure the active model beside the new one on the same tracks.

    Parameters
    ----------
    places
        Cluster and distance of the tracks that the active model was trained on, from `store.assignments.read_places`.
    trained
        Gives the vectors that it was trained on, from `store.vectors.read_vectors`; asked only if features have
        changed since.
    """
    scaling = Scaling.from_model(active.scaler)
    vectors = scaling.normalise(scaling.standardise(bench.raw)).rows
    members = np.array([track_id in places for track_id in bench.ids], dtype=np.bool_)
    moments = Moments.of(vectors) if active.moments is None else Moments.from_model(active.moments, vectors.shape[1])
    today = Listed(vectors, moments, members)
    changed = _changed(active, bench, vectors, places)
    comparison = Comparison(
        model=active.key, tracks=len(bench.ids), today=bench.against(today), changed=int(changed.sum())
    )
    if not changed.any():
        return comparison
    rows, found = _as_trained(trained, bench.ids)
    if not len(rows):
        return comparison
    then = Listed(_placed(found, rows, vectors), moments, members)
    decay, remainder = bench.among(rows, then, today)
    return Comparison(
        model=comparison.model, tracks=comparison.tracks, today=comparison.today, changed=comparison.changed,
        decay=decay, remainder=remainder,
    )  # fmt: skip


def _changed(
    active: ModelDocument, bench: Bench, vectors: Singles, places: Mapping[str, tuple[int, float]]
) -> Booleans:
    """(n,) tracks whose features are not those that the model was trained on."""
    centres = np.asarray(active.centres, dtype=np.float32)
    known = [places.get(track_id, (0, np.nan)) for track_id in bench.ids]
    cells = np.array([cell for cell, _ in known], dtype=np.intp)
    expected = np.array([distance for _, distance in known])
    changed: Booleans = np.abs(centre_distances(vectors, centres, cells) - expected) > _MOVED
    return changed


def _as_trained(trained: Callable[[], Iterable[VectorBlock]], ids: tuple[str, ...]) -> tuple[Integers, Singles]:
    """Which of the tracks the version has vectors of, and these vectors."""
    row_of = {track_id: row for row, track_id in enumerate(ids)}
    rows: list[int] = []
    parts: list[Singles] = []
    try:
        for block in trained():
            here = [place for place, track_id in enumerate(block.track_ids) if track_id in row_of]
            rows.extend(row_of[block.track_ids[place]] for place in here)
            parts.append(block.rows[here])
    except UnreadableDocumentError as error:
        logger.warning("cannot compare with the active model as it was trained", extra={"error": str(error)})
        return np.empty(0, dtype=np.intp), np.empty((0, 0), dtype=np.float32)
    order = np.argsort(rows, kind="stable")
    found = np.array(rows, dtype=np.intp)[order]
    return found, np.concatenate(parts)[order] if parts else np.empty((0, 0), dtype=np.float32)


def _placed(trained: Singles, rows: Integers, vectors: Singles) -> Singles:
    """The vectors as trained, at their rows among all."""
    whole = np.zeros_like(vectors)
    whole[rows] = trained
    return whole
