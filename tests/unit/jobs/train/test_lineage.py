"""Cluster numbers across several versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.train.lineage import first_lineage, follow, keep_names
from support.trained_model import model_document as model


def test_first_version_is_numbered_in_order() -> None:
    lineage = first_lineage(3)
    assert (lineage.order.tolist(), lineage.numbers, lineage.next_number) == ([0, 1, 2], (0, 1, 2), 3)
    assert lineage.churn is None


@given(st.permutations(range(5)))
def test_renumbered_clusters_come_back_in_their_old_order(shuffled: list[int]) -> None:
    old = np.repeat(np.arange(5), 4)
    new = np.array(shuffled, dtype=np.intp)[old]
    lineage = follow(model(1, k=5, cluster_numbers=(0, 1, 2, 3, 4), next_cluster_number=5), old, new, 5)
    assert lineage.order.tolist() == shuffled
    assert (lineage.numbers, lineage.next_number, lineage.churn) == ((0, 1, 2, 3, 4), 5, 0.0)


def test_number_of_a_cluster_that_is_gone_is_never_reused() -> None:
    before = model(2, k=2, cluster_numbers=(0, 2), next_cluster_number=9)
    lineage = follow(before, np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), 3)
    assert (lineage.order.tolist(), lineage.numbers, lineage.next_number) == ([1, 0, 2], (0, 2, 9), 10)


def test_version_without_numbers_has_its_indexes() -> None:
    lineage = follow(model(1, k=2), np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), 2)
    assert (lineage.numbers, lineage.next_number) == ((0, 1), 2)


def test_without_a_common_track_all_clusters_are_new() -> None:
    nobody = np.empty(0, dtype=np.intp)
    lineage = follow(model(1, k=2), nobody, nobody, 2)
    assert (lineage.numbers, lineage.next_number, lineage.churn) == ((2, 3), 4, None)


def test_churn_is_the_share_that_moved() -> None:
    lineage = follow(model(1, k=2), np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2)
    assert lineage.churn == pytest.approx(0.25)


def test_a_cluster_that_keeps_its_number_keeps_its_name() -> None:
    before = model(1, k=3, cluster_numbers=(0, 2, 5), cluster_names=("dark", "fast", "loud"))
    assert keep_names(("quiet", "slow", "dark"), (0, 5, 6), before) == ("dark", "loud", "dark #6")
    assert keep_names(("quiet", "slow"), (0, 1), None) == ("quiet", "slow")
    assert keep_names(("quiet", "slow"), (0, 1), model(1, k=2)) == ("quiet", "slow")


@given(
    st.lists(st.sampled_from(["dark", "fast", "loud", "dark #1"]), min_size=4, max_size=4, unique=True),
    st.lists(st.sampled_from(["dark", "fast", "loud", "dark #1"]), min_size=4, max_size=4, unique=True),
    st.sets(st.integers(0, 7), min_size=4, max_size=4),
)
def test_names_stay_different(old: list[str], fresh: list[str], numbers: set[int]) -> None:
    before = model(1, k=4, cluster_numbers=(0, 1, 2, 3), cluster_names=tuple(old))
    names = keep_names(fresh, sorted(numbers), before)
    assert len(set(names)) == 4
    assert all(name == old[number] for name, number in zip(names, sorted(numbers), strict=True) if number < 4)
