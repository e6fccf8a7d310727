"""Names of clusters."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue_core.similarity.aspects import ASPECTS
from segue_core.similarity.names import name_clusters


def aspects(rows: list[dict[str, float]]) -> np.ndarray:
    return np.array([[row.get(aspect.high, 0.0) for aspect in ASPECTS] for row in rows], dtype=np.float32)


def test_a_cluster_is_named_after_its_two_most_extreme_aspects_and_its_most_typical_genre() -> None:
    clusters = np.repeat([0, 1], 10)
    sound = aspects([{"fast": 2.0, "bright": 1.0, "loud": 0.5}] * 10 + [{"fast": -1.0, "bright": -2.0}] * 10)
    genres = [("Techno", "Electronic")] * 10 + [("Folk", "Electronic")] * 10
    assert name_clusters(clusters, sound, genres, 2) == ("fast, bright - Techno", "dark, slow - Folk")


def test_a_genre_that_is_everywhere_or_occurs_once_is_not_typical() -> None:
    clusters = np.repeat([0, 1], 50)
    genres = [("Rock",)] * 49 + [("Rock", "Polka")] + [("Rock",)] * 50
    sound = aspects([{"loud": 1.0}] * 50 + [{"loud": -1.0}] * 50)
    assert name_clusters(clusters, sound, genres, 2) == ("loud", "quiet")


def test_spellings_of_a_genre_count_as_one_and_the_usual_one_is_shown() -> None:
    clusters = np.repeat([0, 1], 10)
    genres = [("ambient",)] * 3 + [("Ambient",)] * 7 + [("Jazz",)] * 10
    assert name_clusters(clusters, aspects([{}] * 20), genres, 2) == ("Ambient", "Jazz")


def test_clusters_that_would_share_a_name_are_distinguished_by_the_next_aspect() -> None:
    clusters = np.repeat([0, 1], 5)
    sound = aspects([{"fast": 3.0, "bright": 2.0, "loud": 1.0}] * 5 + [{"fast": 3.0, "bright": 2.0, "loud": -1.0}] * 5)
    assert name_clusters(clusters, sound, [()] * 10, 2) == ("fast, bright, loud", "fast, bright, quiet")


def test_clusters_without_any_difference_get_their_number_appended() -> None:
    names = name_clusters(np.array([0, 1, 2]), aspects([{}] * 3), [()] * 3, 5)
    assert names == ("average #0", "average #1", "average #2", "empty #3", "empty #4")


def test_aspects_without_any_value_are_left_out() -> None:
    unknown = np.full((4, len(ASPECTS)), np.nan, dtype=np.float32)
    assert name_clusters(np.array([0, 0, 1, 1]), unknown, [("a",)] * 4, 2) == ("average #0", "average #1")


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.lists(st.sampled_from(["a", "A", "b", "average #1", " "]), max_size=2)),
        max_size=25,
    ),
    st.integers(0, 99),
)
def test_names_are_unique_never_blank_and_do_not_depend_on_the_order_of_tracks(tracks, seed: int) -> None:
    random = np.random.default_rng(seed)
    clusters = np.array([cluster for cluster, _ in tracks], dtype=np.intp)
    sound = random.integers(-2, 3, size=(len(tracks), len(ASPECTS))).astype(np.float32)
    genres = [tuple(found) for _, found in tracks]
    names = name_clusters(clusters, sound, genres, 5)
    assert len(set(names)) == 5
    assert all(name.strip() for name in names)
    order = random.permutation(len(tracks))
    assert name_clusters(clusters[order], sound[order], [genres[row] for row in order], 5) == names
