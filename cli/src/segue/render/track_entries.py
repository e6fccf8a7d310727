"""A catalogue's tracks as lines of a list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.render.recommendations import file_fields
from segue_core.recommend.recommender import Recommender
from segue_core.similarity.projection import most_typical
from segue_core.store.titles import file_title
from segue_core.store.track_files import LocatedFile
from segue_core.store.tracks import TrackRow


@dataclass(frozen=True)
class TrackEntry:
    """One track of a list."""

    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    cluster: int | None
    """None before there is a model."""
    cluster_name: str | None

    @classmethod
    def of(cls, recommender: Recommender, row: int) -> TrackEntry:
        """Of a row of the catalogue."""
        card, cluster = recommender.tracks.cards[row], int(recommender.tracks.clusters[row])
        name = recommender.cluster_names[cluster]
        return cls(card.track_id, card.title, card.artist, card.album, cluster, name)

    @classmethod
    def of_stored(cls, row: TrackRow) -> TrackEntry:
        """Of a track that no model has yet."""
        names = row.metadata
        return cls(row.track_id, names.title or file_title(row.path), names.artist, names.album, None, None)

    def to_document(self, file: LocatedFile | None) -> dict[str, object]:
        """As JSON."""
        return {
            "trackId": self.track_id,
            "clusterName": self.cluster_name,
            "title": self.title,
            "artist": self.artist,
            "album": self.album,
            "cluster": self.cluster,
            **file_fields(file),
        }

    def matches(self, text: str) -> bool:
        """Whether its id or one of its names holds this text."""
        fields = (self.track_id, self.title, self.artist, self.album)
        return any(text.casefold() in field.casefold() for field in fields if field)


def typical_rows(recommender: Recommender, count: int) -> list[int]:
    """Rows of the tracks nearest to the middle of their clusters, larger clusters first."""
    clusters = recommender.tracks.clusters
    vectors = recommender.space.index.vectors(np.arange(len(clusters), dtype=np.intp))
    found, sizes = np.unique(clusters, return_counts=True)
    by_size = sorted(zip(found, sizes, strict=True), key=lambda item: (-item[1], item[0]))
    return [row for cluster, _ in by_size for row in most_typical(vectors, clusters, int(cluster), count)]
