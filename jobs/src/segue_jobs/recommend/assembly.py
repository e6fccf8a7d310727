"""From a model document and a stream of stored tracks to a recommender, in bounded memory.

Beside the float32 matrix and the cards, only one block of tracks is held at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segue_jobs.contract import Exclusion
from segue_jobs.models import Assignment, ModelDocument, model_key
from segue_jobs.recommend.recommender import Recommender
from segue_jobs.recommend.space import NOT_STORED, Absence, Space
from segue_jobs.recommend.tracks import Card, Tracks
from segue_jobs.records import TrackRecord
from segue_jobs.similarity.arrays import Booleans, Integers, Singles
from segue_jobs.similarity.aspects import ASPECTS, TEMPO, aspect_values, tempo_values
from segue_jobs.similarity.explain import family_slices
from segue_jobs.similarity.proximity import ProximityStatistics, proximity_statistics
from segue_jobs.similarity.scaling import Scaling
from segue_jobs.similarity.search import CellIndex, centre_distances, nearest_cells

_BLOCK = 2048
_MOVED = 1e-3
"""A track whose distance to its centre differs by more was extracted from other audio since the training."""
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class _Place:
    """A track's assignment, as far as it is needed."""

    cluster: int
    distance: float
    proximity_mean: float
    proximity_deviation: float


def _number(value: float | None) -> float:
    return math.nan if value is None else value


class Assembly:
    """Collects a model's tracks.

    Parameters
    ----------
    model
        The model.

    Raises
    ------
    ValueError
        The model's scaler, layout and centres do not fit together.
    """

    def __init__(self, model: ModelDocument) -> None:
        self._model = model
        self._scaling = Scaling.from_model(model.scaler)
        self._names = [name for part in model.layout for name in part.dimensions]
        self._centres = np.asarray(model.centres, dtype=np.float32)
        if self._centres.shape != (model.k, len(self._names)) or self._scaling.dimensions != len(self._names):
            raise ValueError(
                f"model {model_key(model.catalogue, model.number)}: centres of shape {self._centres.shape} and a scaler"
                f" of {self._scaling.dimensions} do not fit k={model.k} and {len(self._names)} dimensions"
            )
        self._places: dict[str, _Place] = {}
        self._absent: dict[str, Absence] = {}
        self._cards: list[Card] = []
        self._rows: list[Singles] = []
        self._aspects: list[Singles] = []
        self._block: list[tuple[Card, tuple[float, ...]]] = []

    def assign(self, assignment: Assignment) -> None:
        """Take in one assignment; all of them come before the tracks."""
        if assignment.excluded is not None:
            message = assignment.message or "the training run left it out"
            self._absent[assignment.track_id] = Absence(str(assignment.excluded), message)
        elif assignment.cluster is not None and 0 <= assignment.cluster < self._model.k:
            self._places[assignment.track_id] = _Place(
                cluster=assignment.cluster,
                distance=_number(assignment.distance),
                proximity_mean=_number(assignment.proximity_mean),
                proximity_deviation=_number(assignment.proximity_deviation),
            )

    def absent(self, track_id: str, reason: str, message: str) -> None:
        """Note a known track that cannot be in the model."""
        self._absent.setdefault(track_id, Absence(reason, message))

    def add(self, record: TrackRecord) -> None:
        """Take in one stored track; one that does not fit the model is noted with its reason."""
        absence = self._misfit(record)
        if absence is not None:
            self._absent[record.track_id] = absence
            return
        self._absent.pop(record.track_id, None)
        vector = tuple(value for part in self._model.layout for value in record.families[part.family])
        self._block.append((Card.of(record), vector))
        if len(self._block) >= _BLOCK:
            self._flush()

    def _misfit(self, record: TrackRecord) -> Absence | None:
        if record.recipe != self._model.recipe:
            return Absence(
                Exclusion.RECIPE_MISMATCH,
                f"it was extracted with recipe {record.recipe}, the model with {self._model.recipe}: train anew",
            )
        for part in self._model.layout:
            vector = record.families.get(part.family)
            if vector is None:
                return Absence(Exclusion.MISSING_FAMILY, f"it has no {part.family} features")
            if len(vector) != len(part.dimensions):
                return Absence(
                    Exclusion.LAYOUT_MISMATCH,
                    f"it has {len(vector)} {part.family} dimensions, the model {len(part.dimensions)}",
                )
            if not all(map(math.isfinite, vector)):
                return Absence(Exclusion.NON_FINITE_FEATURE, f"a {part.family} feature is not finite")
        return None

    def _flush(self) -> None:
        if not self._block:
            return
        standardised = self._scaling.standardise(np.array([vector for _, vector in self._block], dtype=np.float64))
        unit = self._scaling.normalise(standardised)
        for (card, _), zero in zip(self._block, unit.zero, strict=True):
            if zero:
                self._absent[card.track_id] = Absence(
                    Exclusion.ZERO_VECTOR, "all its features are the catalogue's mean"
                )
            else:
                self._cards.append(card)
        self._rows.append(unit.rows[~unit.zero])
        self._aspects.append(aspect_values(standardised, self._names)[~unit.zero])
        self._block.clear()

    def finish(self) -> Recommender:
        """Build the recommender; the assembly is used up.

        Raises
        ------
        EmptyCatalogueError
            No track fits the model.
        """
        self._flush()
        order = np.array(sorted(range(len(self._cards)), key=lambda row: self._cards[row].track_id), dtype=np.intp)
        cards = [self._cards[row] for row in order]
        width = len(self._names)
        vectors = np.concatenate([np.empty((0, width), dtype=np.float32), *self._rows])[order]
        aspects = np.concatenate([np.empty((0, len(ASPECTS)), dtype=np.float32), *self._aspects])[order]
        self._cards, self._rows, self._aspects = [], [], []
        for card in cards:
            self._places.setdefault(card.track_id, _Place(_NOWHERE, math.nan, math.nan, math.nan))
        lost = self._places.keys() - {card.track_id for card in cards}
        for track_id in lost:
            self.absent(track_id, NOT_STORED, "it was part of the training, but is no longer stored")
        places = [self._places[card.track_id] for card in cards]
        clusters, placed = self._clusters(places, vectors)
        proximity, reference = self._proximity(cards, places, vectors, placed)
        tracks = Tracks(cards, clusters, placed)
        aspects[:, ASPECTS.index(TEMPO)] = tempo_values(tracks.tempos)
        return Recommender(
            self._model.catalogue,
            model_key(self._model.catalogue, self._model.number),
            tracks=tracks,
            space=Space(
                index=CellIndex(vectors, clusters, self._centres),
                proximity=proximity,
                reference=reference,
                aspects=aspects,
                slices=family_slices(self._model.layout),
            ),
            absent=self._absent,
        )

    def _clusters(self, places: list[_Place], vectors: Singles) -> tuple[Integers, Booleans]:
        """Cluster of each row, and whether it was placed only now: it is new, or its vector is not the trained one."""
        clusters = np.array([place.cluster for place in places], dtype=np.intp)
        expected = np.array([place.distance for place in places], dtype=np.float64)
        placed = clusters == _NOWHERE
        trained = np.flatnonzero(~placed)
        moved = (
            np.abs(centre_distances(vectors[trained], self._centres, clusters[trained]) - expected[trained]) > _MOVED
        )
        placed[trained[moved]] = True
        clusters[placed] = nearest_cells(vectors[placed], self._centres, 1)[:, 0]
        return clusters, placed

    def _proximity(
        self, cards: list[Card], places: list[_Place], vectors: Singles, placed: Booleans
    ) -> tuple[ProximityStatistics, Singles]:
        wanted = {track_id: number for number, track_id in enumerate(self._model.reference)}
        own = np.array([wanted.get(card.track_id, -1) for card in cards], dtype=np.intp)
        rows = np.flatnonzero(own >= 0)
        own[rows] = np.arange(len(rows))
        reference = vectors[rows]
        mean = np.array([place.proximity_mean for place in places], dtype=np.float64)
        deviation = np.array([place.proximity_deviation for place in places], dtype=np.float64)
        unknown = np.flatnonzero(placed | ~np.isfinite(mean) | ~np.isfinite(deviation))
        computed = proximity_statistics(vectors[unknown], reference, own=own[unknown])
        mean[unknown], deviation[unknown] = computed.mean, computed.deviation
        return ProximityStatistics(mean=mean, deviation=deviation), reference
