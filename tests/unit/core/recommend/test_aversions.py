"""A dislike takes what is near to it, and leaves the rest of the list alone."""

from __future__ import annotations

from functools import cache

import numpy as np

from segue_core.recommend.filters import Drop
from segue_core.recommend.recommender import Recommender
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks

GENRES = 16
TRACKS = 2000


@cache
def recommender() -> Recommender:
    records = list(synthetic_tracks("fma", TRACKS, genres=GENRES))
    return assemble(*train_model(records, k=16), records)


def of_genre(genre: int) -> list[str]:
    return [card.track_id for card in recommender().tracks.cards if card.genres == (f"Genre {genre}",)]


def test_an_unrelated_dislike_leaves_the_list_as_it_is() -> None:
    overlaps, drawn = [], np.random.default_rng(0)
    for genre in range(GENRES):
        liked = of_genre(genre)[3]
        other = drawn.choice(of_genre((genre + 1 + int(drawn.integers(GENRES - 1))) % GENRES))
        before, after = (recommender().recommend([liked], dislikes, limit=20) for dislikes in ([], [str(other)]))
        kept = {hit.track_id for hit in before.hits} & {hit.track_id for hit in after.hits}
        overlaps.append(len(kept) / 20)
    assert np.mean(overlaps) >= 0.95


def test_a_dislike_inside_the_taste_removes_its_near_neighbours() -> None:
    likes = of_genre(2)[:5]
    disliked = of_genre(2)[40]
    before = recommender().recommend(likes, limit=60, artist_cap=None)
    after = recommender().recommend(likes, [disliked], limit=60, artist_cap=None)
    index, rows = recommender().space.index, recommender().tracks.row_of

    def vector(track_id: str) -> np.ndarray:
        return index.vectors(np.array([rows[track_id]]))[0]

    def nearest(track_id: str, others: list[str]) -> float:
        return max(float(vector(track_id) @ vector(other)) for other in others)

    nearer = {hit.track_id for hit in before.hits if nearest(hit.track_id, [disliked]) > nearest(hit.track_id, likes)}
    assert nearer
    assert not nearer & {hit.track_id for hit in after.hits}
    assert after.dropped[Drop.DISLIKED] >= len(nearer)


def test_a_dislike_pushes_at_most_by_the_spread_of_the_list() -> None:
    likes, disliked = of_genre(5)[:5], of_genre(5)[30]
    before = {hit.track_id: hit.score for hit in recommender().recommend(likes, limit=60, artist_cap=None).hits}
    spread = max(before.values()) - min(before.values())
    pushed = recommender().recommend(likes, [disliked], limit=30, artist_cap=None)
    assert all(-1e-12 <= before[hit.track_id] - hit.score <= spread for hit in pushed.hits if hit.track_id in before)
