"""From raw features to unit vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segue_core.similarity.scaling import Scaling, UnitRows
from segue_core.store.models import Scaler


def scaling(mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0), weights=(1.0, 1.0, 1.0), clip=4.0) -> Scaling:
    return Scaling.from_model(Scaler(mean=mean, deviation=deviation, weights=weights, clip=clip))


def to_unit(scaling: Scaling, raw: np.ndarray) -> UnitRows:
    return scaling.normalise(scaling.standardise(raw))


def test_rows_are_standardised_clipped_weighted_and_of_length_one() -> None:
    given = scaling(mean=(1.0, 0.0, 0.0), deviation=(2.0, 1.0, 0.5), weights=(1.0, 0.5, 1.0))
    unit = to_unit(given, np.array([[3.0, 100.0, 1.0]]))
    expected = np.array([1.0, 4.0 * 0.5, 2.0]) / np.sqrt(1 + 4 + 4)
    np.testing.assert_allclose(unit.rows[0], expected, rtol=1e-6)
    assert unit.rows.dtype == np.float32


def test_a_constant_dimension_becomes_zero_even_when_its_deviation_is_rounding_error() -> None:
    unit = to_unit(scaling(mean=(5.0, 1e6, 0.0), deviation=(0.0, 1e-8, 1.0)), np.array([[7.0, 1e6 + 1.0, -1.0]]))
    np.testing.assert_array_equal(unit.rows[0], [0.0, 0.0, -1.0])


def test_a_zero_vector_is_reported_and_not_divided() -> None:
    unit = to_unit(scaling(), np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(unit.zero, [True, False])
    np.testing.assert_array_equal(unit.rows[0], 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused_with_its_row(bad: float) -> None:
    with pytest.raises(ValueError, match="row 1: a feature is not finite"):
        to_unit(scaling(), np.array([[0.0, 0.0, 1.0], [0.0, bad, 1.0]]))


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="the model has 3 dimensions"):
        to_unit(scaling(), np.zeros((1, 4)))


@pytest.mark.parametrize(
    "parts",
    [
        {"deviation": (1.0, 1.0)},
        {"mean": (np.nan, 0.0, 0.0)},
        {"deviation": (-1.0, 1.0, 1.0)},
        {"weights": (1.0, -1.0, 1.0)},
        {"clip": 0.0},
        {"clip": np.nan},
    ],
)
def test_an_invalid_scaler_is_refused(parts: dict) -> None:
    with pytest.raises(ValueError, match="scaler: "):
        scaling(**parts)


@given(arrays(np.float64, (5, 3), elements=st.floats(-1e12, 1e12)))
def test_every_row_has_length_one_or_is_reported_as_zero(raw: np.ndarray) -> None:
    unit = to_unit(scaling(mean=(1.0, -1.0, 0.0), deviation=(3.0, 1e-3, 1e5)), raw)
    np.testing.assert_allclose(np.linalg.norm(unit.rows, axis=1), np.where(unit.zero, 0.0, 1.0), atol=1e-6)


@given(arrays(np.float64, (5, 3), elements=st.floats(-50, 50)))
def test_standardised_features_come_back_from_unit_rows_and_their_norms(raw: np.ndarray) -> None:
    scaler = scaling(mean=(1.0, -1.0, 0.0), deviation=(3.0, 0.0, 5.0), weights=(1.0, 1.0, 0.25))
    standardised = scaler.standardise(raw)
    norms = np.linalg.norm(standardised * scaler.weights, axis=1)
    unit = scaler.normalise(standardised)
    assume(not unit.zero.any())
    restored = scaler.restore(unit.rows, norms.astype(np.float32))
    np.testing.assert_allclose(restored, standardised, atol=1e-5)


def test_a_dimension_without_weight_comes_back_as_zero() -> None:
    scaler = scaling(weights=(1.0, 0.0, 1.0))
    restored = scaler.restore(np.array([[0.6, 0.0, 0.8]], dtype=np.float32), np.array([5], dtype=np.float32))
    np.testing.assert_allclose(restored, [[3.0, 0.0, 4.0]], rtol=1e-6)
