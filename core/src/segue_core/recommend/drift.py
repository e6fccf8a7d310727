"""How far a catalogue has moved away from what its model was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue_core.recommend.track_table import Tracks

UNLIKE = 0.01
"""Confidence of a track that lies farther from the centre of its cluster than 99 % of the training's tracks."""


@dataclass(frozen=True)
class Drift:
    """Numbers of tracks."""

    new: int
    """Added since the training, or with other features than it saw."""
    unlike: int
    """Those of them that sound like nothing the model has learned from; one in a hundred does by chance."""


def drift_of(tracks: Tracks) -> Drift:
    """Count the tracks that the model was not trained on."""
    rows = tracks.present
    new = tracks.new[rows]
    return Drift(new=int(np.count_nonzero(new)), unlike=int(np.count_nonzero(new & (tracks.confidence[rows] < UNLIKE))))
