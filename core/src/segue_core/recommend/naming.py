"""Names of a catalogue's clusters where the model has none."""

from __future__ import annotations

import numpy as np

from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.names import name_clusters


def names_of_clusters(tracks: Tracks, space: Space) -> tuple[str, ...]:
    """Name each cluster after the tracks in it now: 'fast, bright - Techno'."""
    genres = [tracks.names.genres[number] for number in tracks.genres.tolist()]
    return name_clusters(tracks.clusters.astype(np.intp), space.aspects, genres, len(space.centres))
