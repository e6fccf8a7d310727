"""Whether the tracks that arrived since the training sound as those that it saw: their features, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segue_core.contract import Family
from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.stability import SHIFTED, stability_indexes
from segue_core.store.models import FeatureRanges

FEWEST_NEW = 200
"""With fewer tracks, chance alone gives a feature an index above 0.2 now and then."""
_MOST_NEW = 2_000
"""Of more, so many are looked at."""


@dataclass(frozen=True)
class FeatureShift:
    """Population stability indexes of the new tracks' features, in the model's space."""

    largest: Mapping[Family, float]
    """Of each family's features."""
    shifted: float
    """Share of all features with an index above `stability.SHIFTED`."""


def feature_shift(tracks: Tracks, space: Space, ranges: FeatureRanges | None) -> FeatureShift | None:
    """Compare the new tracks with the training; None if there are too few, or the model does not say what it saw.

    Parameters
    ----------
    ranges
        Of the model's document.
    """
    rows = tracks.present
    rows = rows[tracks.new[rows]]
    if ranges is None or len(rows) < FEWEST_NEW:
        return None
    vectors = space.index.vectors(rows[:: -(-len(rows) // _MOST_NEW)])
    try:
        indexes = stability_indexes(ranges, vectors)
    except ValueError:  # of another program's document: nothing can be said
        return None
    return FeatureShift(
        largest={family: float(indexes[place].max(initial=0.0)) for family, place in space.slices.items()},
        shifted=float(np.mean(indexes > SHIFTED)),
    )
