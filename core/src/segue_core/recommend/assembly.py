"""Builds a recommender from a model document and a stream of stored tracks, in bounded memory.

Besides the columns and the float32 matrix that the recommender keeps, it holds a few numbers per assignment and one
block of tracks at a time. The vector of a track is computed from its stored features if they fit the model. If they no
longer do (the track was extracted again with another recipe), it is the one that the model was trained on.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

import numpy as np

from segue_core.recommend.arrivals import Arrivals
from segue_core.recommend.card import Card
from segue_core.recommend.collected_tracks import CollectedTracks
from segue_core.recommend.placing import ZERO_VECTOR, Placing, TrainedDistances
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.space import NOT_STORED, Absence, Space
from segue_core.recommend.track_table import Placed
from segue_core.similarity.arrays import BLOCK_ROWS, Booleans, Doubles, Integers, Singles
from segue_core.similarity.aspects import ASPECTS, TEMPO, TempoScale
from segue_core.similarity.cells import make_cells
from segue_core.similarity.cosines import centre_distances, nearest_centre
from segue_core.similarity.explain import family_slices
from segue_core.similarity.proximity import Moments
from segue_core.similarity.search import CellIndex
from segue_core.store.models import Assignment, ModelDocument
from segue_core.store.records import TrackRecord
from segue_core.store.vectors import VectorBlock

_BLOCK = 2048
_MOVED = 1e-3
"""If a track's distance to its centre differs by more, its audio has changed since the training."""
_NOWHERE = -1


class _Places:
    """Assignments, as numbers in columns."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._clusters = array("i")
        self._distances = array("d")

    def __contains__(self, track_id: str) -> bool:
        return track_id in self._numbers

    def add(self, track_id: str, cluster: int, distance: float | None) -> None:
        """Add the distance to the cluster's centre."""
        self._numbers[track_id] = len(self._clusters)
        self._clusters.append(cluster)
        self._distances.append(math.nan if distance is None else distance)

    def of(self, ids: Sequence[str]) -> tuple[Integers, Doubles]:
        """(n,) cluster and distance of these ids, `_NOWHERE` and NaN without an assignment."""
        numbers = np.fromiter((self._numbers.get(one, -1) for one in ids), dtype=np.intp, count=len(ids))
        clusters = np.append(np.frombuffer(self._clusters, dtype=np.int32), np.int32(_NOWHERE))
        distances = np.append(np.frombuffer(self._distances, dtype=np.float64), np.nan)
        return clusters[numbers].astype(np.intp), distances[numbers]

    def ids_beside(self, ids: Iterable[str]) -> set[str]:
        """Ids that have an assignment and are not among these."""
        return self._numbers.keys() - ids


class Assembly:
    """Collects the tracks of a model.

    Raises
    ------
    ValueError
        The model's scaler, layout and centres do not match.
    """

    def __init__(self, model: ModelDocument) -> None:
        self._model = model
        self._placing = Placing(model)
        self._places = _Places()
        self._absent: dict[str, Absence] = {}
        self._tracks = CollectedTracks(self._placing.width)
        self._block: list[tuple[Card, tuple[float, ...]]] = []
        self._outgrown: dict[str, int] = {}
        """Tracks of the training that no longer fit, and their places; they have no vector yet."""

    def assign(self, assignment: Assignment) -> None:
        """Add an assignment; add all of them before the tracks."""
        if assignment.excluded is not None:
            message = assignment.message or "the training run left it out"
            self._absent[assignment.track_id] = Absence(str(assignment.excluded), message)
        elif assignment.cluster is not None and 0 <= assignment.cluster < self._model.k:
            self._places.add(assignment.track_id, assignment.cluster, assignment.distance)

    def absent(self, track_id: str, reason: str, message: str) -> None:
        """Record a known track that cannot be in the model."""
        self._absent.setdefault(track_id, Absence(reason, message))

    def add(self, record: TrackRecord) -> None:
        """Add a stored track; one that does not fit the model is recorded with its reason."""
        absence = self._placing.misfit(record)
        if absence is not None:
            self._absent[record.track_id] = absence
            if record.track_id in self._places:
                self._flush()
                self._outgrown[record.track_id] = len(self._tracks)
                nothing = np.zeros((1, self._placing.width + len(ASPECTS)), dtype=np.float32)
                self._tracks.add([Card.of(record)], *np.split(nothing, [self._placing.width], axis=1))
            return
        self._absent.pop(record.track_id, None)
        self._block.append((Card.of(record), self._placing.raw(record)))
        if len(self._block) >= _BLOCK:
            self._flush()

    @property
    def needs_vectors(self) -> bool:
        """Whether tracks of the training no longer fit the model, so that its own vectors can stand in."""
        return bool(self._outgrown)

    def restore(self, block: VectorBlock) -> None:
        """Take the vectors of tracks that no longer fit from those that the model was trained on; add all tracks first.

        Parameters
        ----------
        block
            Vectors with the model's dimensions.
        """
        rows = [row for row, track_id in enumerate(block.track_ids) if track_id in self._outgrown]
        if not rows:
            return
        ids = [block.track_ids[row] for row in rows]
        aspects = self._placing.aspects(block.rows[rows], block.norms[rows])
        self._tracks.replace([self._outgrown.pop(track_id) for track_id in ids], block.rows[rows], aspects)
        for track_id in ids:
            self._absent.pop(track_id)

    def _flush(self) -> None:
        if not self._block:
            return
        located = self._placing.locate([raw for _, raw in self._block])
        cards = []
        for (card, _), zero in zip(self._block, located.zero, strict=True):
            if zero:
                self._absent[card.track_id] = ZERO_VECTOR
            else:
                cards.append(card)
        self._tracks.add(cards, located.units[~located.zero], located.aspects[~located.zero])
        self._block.clear()

    def finish(self) -> Recommender:
        """Build the recommender; the assembly cannot be used again.

        Raises
        ------
        EmptyCatalogueError
            No track fits the model.
        """
        self._flush()
        tracks = self._tracks.ordered(without=self._outgrown.values())
        for track_id in self._places.ids_beside(tracks.ids):
            self.absent(track_id, NOT_STORED, "it was in the training, but is no longer stored")
        clusters, placed, distances = self._clusters(*self._places.of(tracks.ids), tracks.vectors)
        trained = TrainedDistances.of(distances[~placed])
        confidence = np.where(placed, trained.confidence(distances), 1.0).astype(np.float32)
        moments = self._placing.moments or Moments.of(tracks.vectors[~placed])
        tempo = TempoScale.of(tracks.tempos)
        tracks.aspects[:, ASPECTS.index(TEMPO)] = tempo.values(tracks.tempos)
        cells, centres = make_cells(tracks.vectors)
        return Recommender(
            self._model.catalogue,
            self._model.key,
            tracks=tracks.table(Placed(clusters, placed, confidence)),
            space=Space.of(
                CellIndex(tracks.vectors, cells, centres, in_place=True),
                centres=self._placing.centres,
                proximity=moments.usual(tracks.vectors, members=~placed),
                moments=moments,
                aspects=tracks.aspects,
                slices=family_slices(self._model.layout, self._model.scaler.maps),
            ),
            absent=self._absent,
            arrivals=Arrivals(placing=self._placing, trained=trained, tempo=tempo),
        )

    def _clusters(self, clusters: Integers, expected: Doubles, vectors: Singles) -> tuple[Integers, Booleans, Doubles]:
        """Cluster of each row, whether it was placed only now (new or changed), and the distance to its centre."""
        centres, placed, distances = self._placing.centres, clusters == _NOWHERE, np.empty(len(vectors))
        for start in range(0, len(vectors), BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            distances[part] = centre_distances(vectors[part], centres, np.maximum(clusters[part], 0))
            placed[part] |= np.abs(distances[part] - expected[part]) > _MOVED
            rows = start + np.flatnonzero(placed[part])
            clusters[rows] = nearest_centre(vectors[rows], centres)
            distances[rows] = centre_distances(vectors[rows], centres, clusters[rows])
        return clusters, placed, distances
