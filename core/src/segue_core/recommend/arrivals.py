"""Tracks that arrive or go while a catalogue is in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.recommend.card import Card
from segue_core.recommend.placing import ZERO_VECTOR, Placing, TrainedDistances
from segue_core.recommend.space import REMOVED, Absence, Space
from segue_core.recommend.track_table import Placed, Tracks
from segue_core.similarity.arrays import Booleans, Singles
from segue_core.similarity.aspects import ASPECTS, TEMPO, TempoScale
from segue_core.similarity.cosines import centre_distances, nearest_centre
from segue_core.store.records import TrackRecord

_FEWEST_REMOVED = 4096
_REMOVED_SHARE = 8
"""Rows of removed tracks stay until they are so many, and one row in this many; then everything is copied."""

_SAME = 1e-6
"""Vectors whose components differ by no more come from the same features."""


@dataclass(frozen=True)
class Content:
    """What a recommender has in memory."""

    tracks: Tracks
    space: Space
    absent: Mapping[str, Absence]
    """Other known ids, and why they cannot be recommended."""


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """What is needed to place tracks into a model that is in memory."""

    placing: Placing
    trained: TrainedDistances
    tempo: TempoScale

    def knows(self, tracks: Tracks, space: Space, record: TrackRecord) -> bool:
        """Whether a track is there with the same features and the same tags."""
        if not tracks.has(Card.of(record)) or self.placing.misfit(record) is not None:
            return False
        located, row = self.placing.locate([self.placing.raw(record)]), tracks.row_of[record.track_id]
        vector = space.index.vectors(np.array([row], dtype=np.intp))
        return not located.zero[0] and bool(_are_alike(vector, located.units)[0])

    def change(self, content: Content, added: Sequence[TrackRecord], removed: Collection[str]) -> Content:
        """Add and remove tracks; of several records of one id, the last one counts.

        The result shares arrays with the given content, unless many tracks were removed.
        """
        tracks, space = content.tracks, content.space
        records = {record.track_id: record for record in added}
        absent = {one: Absence(REMOVED, "it is no longer stored") for one in removed if one in tracks.row_of}
        fitting = []
        for record in records.values():
            absent.pop(record.track_id, None)
            misfit = self.placing.misfit(record)
            if misfit is None:
                fitting.append(record)
            else:
                absent[record.track_id] = misfit
        located = self.placing.locate([self.placing.raw(record) for record in fitting])
        absent |= {record.track_id: ZERO_VECTOR for record, zero in zip(fitting, located.zero, strict=True) if zero}
        cards = [Card.of(record) for record, zero in zip(fitting, located.zero, strict=True) if not zero]
        units, aspects = located.units[~located.zero], located.aspects[~located.zero]
        clusters = nearest_centre(units, self.placing.centres)
        distances = centre_distances(units, self.placing.centres, clusters)
        aspects[:, ASPECTS.index(TEMPO)] = self.tempo.values(
            np.array([card.tempo_bpm for card in cards], dtype=np.float32)
        )
        fresh = Placed(clusters, np.ones(len(cards), dtype=np.bool_), self.trained.confidence(distances))
        placed = _unless_known(fresh, units, cards, tracks, space)
        made = tracks.changed(cards, placed, absent.keys())
        around = space.extended(units, space.moments.usual(units), aspects)
        known = {**content.absent, **absent}
        for card in cards:
            known.pop(card.track_id, None)
        return Content(*_without_removed(made, around), known)


def _unless_known(placed: Placed, units: Singles, cards: Sequence[Card], tracks: Tracks, space: Space) -> Placed:
    """A track that only its tags distinguish from the row it replaces is as new as that row was."""
    old = np.array([tracks.row_of.get(card.track_id, -1) for card in cards], dtype=np.intp)
    places = np.flatnonzero(old >= 0)
    alike = _are_alike(space.index.vectors(old[places]), units[places])
    same, rows = places[alike], old[places][alike]
    placed.new[same], placed.confidence[same] = tracks.new[rows], tracks.confidence[rows]
    return placed


def _are_alike(left: Singles, right: Singles) -> Booleans:
    """(n,) whether the vectors of a row come from the same features."""
    alike: Booleans = np.abs(left - right).max(axis=1, initial=0.0) <= _SAME
    return alike


def _without_removed(tracks: Tracks, space: Space) -> tuple[Tracks, Space]:
    """Both as they are, or copied without the rows of removed tracks if these are many."""
    if len(tracks.removed) <= max(_FEWEST_REMOVED, len(tracks) // _REMOVED_SHARE):
        return tracks, space
    return tracks.without_removed(), space.taken(tracks.present)
