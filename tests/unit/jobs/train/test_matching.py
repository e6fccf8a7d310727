"""Clusters keep their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.train.matching import match_clusters


@given(st.lists(st.integers(0, 5), max_size=50), st.permutations(range(6)))
def test_a_clustering_that_is_only_renumbered_gets_its_numbers_back(labels: list[int], order: list[int]) -> None:
    old = np.array(labels, dtype=np.intp)
    new = np.array([order[label] for label in labels], dtype=np.intp)
    found = match_clusters(old, new, old_numbers=np.arange(6), k=6)
    assert found.churn == 0.0
    np.testing.assert_array_equal(found.numbers[new], old)
    assert len(set(found.numbers.tolist())) == 6


def test_permanent_numbers_survive_several_trainings() -> None:
    old, new = np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])
    assert match_clusters(old, new, old_numbers=np.array([7, 3]), k=2).numbers.tolist() == [3, 7]


def test_a_cluster_that_splits_keeps_its_number_for_the_larger_part() -> None:
    old = np.array([0] * 10 + [1] * 5)
    new = np.array([0] * 3 + [2] * 7 + [1] * 5)
    found = match_clusters(old, new, old_numbers=np.arange(2), k=3)
    assert found.numbers.tolist() == [2, 1, 0]
    assert found.churn == pytest.approx(3 / 15)


def test_clusters_that_merge_keep_one_number_and_the_other_is_never_used_again_by_chance() -> None:
    old, new = np.array([0, 0, 0, 1, 1]), np.zeros(5, dtype=np.intp)
    found = match_clusters(old, new, old_numbers=np.arange(2), k=2)
    assert found.numbers.tolist() == [0, 2]
    assert found.churn == pytest.approx(0.4)


def test_without_shared_tracks_all_numbers_are_new() -> None:
    nobody = np.empty(0, dtype=np.intp)
    found = match_clusters(nobody, nobody, old_numbers=np.array([4, 0]), k=2)
    assert (found.numbers.tolist(), found.churn) == ([5, 6], 0.0)
    assert match_clusters(nobody, nobody, old_numbers=nobody, k=2).numbers.tolist() == [0, 1]


def test_clusterings_of_different_tracks_are_refused() -> None:
    with pytest.raises(ValueError, match="1 and 2 tracks"):
        match_clusters(np.zeros(1, int), np.zeros(2, int), old_numbers=np.arange(1), k=1)
