"""Which tracks turn up in many lists, and which in none: hubs and anti-hubs of a catalogue as it is served."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from segue_api.service.search import present_rows
from segue_core.recommend.question_errors import RecommendError
from segue_core.recommend.recommender import Recommender

MAXIMUM_LISTS = 1000
"""Lists that are made; of a larger catalogue, for tracks that are evenly spaced in the order of the ids."""
LIST_LENGTH = 10


@dataclass(frozen=True)
class Reach:
    """In how many lists of similar tracks each track is."""

    lists: int
    is_complete: bool
    """Whether every track was asked for its list."""
    counts: dict[int, int]
    """Row -> lists that it is in, the most frequent first."""
    never: tuple[int, ...]
    """Rows that are in no list."""


def measure_reach(recommender: Recommender) -> Reach:
    """Ask for lists as they are served, and count who is in them."""
    rows = np.flatnonzero(present_rows(recommender.tracks))
    step = max(1, -(-len(rows) // MAXIMUM_LISTS))
    counts, lists = Counter[int](), 0
    for track_id in recommender.tracks.ids_of(rows[::step]):
        try:
            found = recommender.similar(track_id, limit=LIST_LENGTH)
        except RecommendError:
            continue
        lists += 1
        counts.update(recommender.tracks.row_of[hit.track_id] for hit in found.hits)
    never = tuple(row for row in rows.tolist() if row not in counts)
    return Reach(lists, step == 1, dict(counts.most_common()), never)
