"""Maps never mix families, so that shares still add up; what cannot be a map is refused."""

from __future__ import annotations

import numpy as np
import pytest

from segue_core.contract import Family
from segue_core.similarity.explain import explain_list, family_slices
from segue_core.similarity.family_maps import FamilyMaps
from segue_core.similarity.scaling import Scaling
from segue_core.store.models import FamilyLayout, FamilyMap, Scaler

LAYOUT = (
    FamilyLayout(family=Family.TIMBRE, dimensions=("a", "b")),
    FamilyLayout(family=Family.LEARNED, dimensions=("c", "d", "e")),
    FamilyLayout(family=Family.RHYTHM, dimensions=("f",)),
)
MAP = FamilyMap(family=Family.LEARNED, start=2, matrix=((0.6, 0.8, 0.0), (0.0, 0.0, 1.0)))


def scaler(*maps: FamilyMap) -> Scaler:
    return Scaler(mean=(0.0,) * 6, deviation=(1.0,) * 6, clip=4.0, weights=(1.0, 1.0, 0.5, 0.5, 0.5, 1.0), maps=maps)


def test_a_map_changes_its_family_and_no_other() -> None:
    maps = FamilyMaps.of([MAP], 6)
    values = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    assert maps.width == 5
    np.testing.assert_allclose(maps.apply(values), [[1.0, 2.0, 5.0, 5.0, 6.0]])
    np.testing.assert_allclose(maps.undo(maps.apply(values)), [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])


def test_no_maps_change_nothing() -> None:
    maps = FamilyMaps.of([], 6)
    values = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(maps.apply(values), values)
    np.testing.assert_array_equal(maps.undo(values), values)


def test_shares_of_mapped_families_add_up() -> None:
    scaling = Scaling.from_model(scaler(MAP))
    rows = scaling.normalise(np.random.default_rng(1).normal(size=(8, 6))).rows
    slices = family_slices(LAYOUT, [MAP])
    assert slices == {Family.TIMBRE: slice(0, 2), Family.LEARNED: slice(2, 4), Family.RHYTHM: slice(4, 5)}
    shares = explain_list(rows[:4], rows[:4], rows[4:], slices).shares
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)


def test_standardised_features_come_back_where_no_map_takes_any_away() -> None:
    scaling = Scaling.from_model(scaler(MAP))
    values = np.random.default_rng(2).normal(size=(5, 6))
    weighted = values * scaling.weights
    norms = np.linalg.norm(scaling.maps.apply(weighted), axis=1)
    restored = scaling.restore(scaling.normalise(values).rows, norms.astype(np.float32))
    np.testing.assert_allclose(restored[:, [0, 1, 5]], values[:, [0, 1, 5]], atol=1e-5)


@pytest.mark.parametrize(
    ("start", "matrix"),
    [(5, MAP.matrix), (-1, MAP.matrix), (2, ()), (2, ((),)), (2, ((1.0,), (1.0, 2.0))), (2, ((float("nan"),),))],
)
def test_what_is_no_map_is_refused(start: int, matrix: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(ValueError, match="the map of learned"):
        Scaling.from_model(scaler(FamilyMap(family=Family.LEARNED, start=start, matrix=matrix)))


def test_two_maps_of_one_family_are_refused() -> None:
    with pytest.raises(ValueError, match="the map of learned takes dimensions 2 to 5"):
        Scaling.from_model(scaler(MAP, MAP))
