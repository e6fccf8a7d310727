"""Promotion of a new model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_jobs.contract import Family, PromotionPolicy
from segue_jobs.models import FamilyLayout, ModelDocument
from segue_jobs.train.choice import Metric
from segue_jobs.train.promotion import decide
from support.trained_model import model_document as model

ALWAYS, IF_NOT_WORSE, NEVER = PromotionPolicy.ALWAYS, PromotionPolicy.IF_NOT_WORSE, PromotionPolicy.NEVER


def test_first_model_becomes_active() -> None:
    assert decide(IF_NOT_WORSE, 0.01, model(1), None).promoted


@pytest.mark.parametrize("active", [None, model(1)])
def test_never_means_never(active: ModelDocument | None) -> None:
    assert not decide(NEVER, 0.01, model(2), active).promoted


def test_always_promotes_a_worse_model() -> None:
    assert decide(ALWAYS, 0.0, model(2, metrics={}), model(1)).promoted


@pytest.mark.parametrize(
    ("metric", "value", "promoted"),
    [
        (Metric.PRECISION, 0.391, True),
        (Metric.PRECISION, 0.389, False),
        (Metric.REACH, 0.88, False),
        (Metric.HUBNESS, 1.09, True),
        (Metric.HUBNESS, 1.11, False),
        (Metric.HUBNESS, 0.2, True),
        (Metric.RECALL, 0.1, True),
    ],
)
def test_worse_than_the_tolerance_is_not_promoted(metric: Metric, value: float, promoted: bool) -> None:
    new = model(2, metrics=model(2).metrics | {metric: value})
    decision = decide(IF_NOT_WORSE, 0.01, new, model(1))
    assert decision.promoted is promoted
    assert promoted or metric in decision.reason


def test_recall_judges_where_one_of_the_two_has_no_precision() -> None:
    metrics = {name: value for name, value in model(2).metrics.items() if name != Metric.PRECISION}
    assert decide(IF_NOT_WORSE, 0.01, model(2, metrics=metrics), model(1)).promoted
    decision = decide(IF_NOT_WORSE, 0.01, model(2, metrics=metrics | {Metric.RECALL: 0.5}), model(1))
    assert "recallAt10 0.500 instead of 0.900" in decision.reason


def test_lost_measure_is_not_taken_for_equal() -> None:
    metrics = {name: value for name, value in model(2).metrics.items() if name != Metric.REACH}
    assert "cannot be measured now" in decide(IF_NOT_WORSE, 0.01, model(2, metrics=metrics), model(1)).reason


@pytest.mark.parametrize("change", [{"recipe": "recipe-2"}, {"feature_set": "set-2"}])
def test_another_recipe_is_promoted_and_says_that_it_cannot_be_compared(change: dict[str, str]) -> None:
    decision = decide(IF_NOT_WORSE, 0.01, model(2, metrics={}, **change), model(1))
    assert (decision.promoted, "cannot be compared" in decision.reason) == (True, True)


def test_other_families_are_not_promoted_unasked() -> None:
    other = model(2, layout=(FamilyLayout(family=Family.TIMBRE, dimensions=("a",)),))
    decision = decide(IF_NOT_WORSE, 0.01, other, model(1))
    assert (decision.promoted, "policy Always" in decision.reason) == (False, True)


@given(st.sampled_from(PromotionPolicy), st.floats(0, 1), st.integers(1, 9))
def test_repeating_a_decision_never_brings_an_older_model_back(
    policy: PromotionPolicy, tolerance: float, number: int
) -> None:
    assert not decide(policy, tolerance, model(number), model(number + 1)).promoted


@given(st.sampled_from([ALWAYS, IF_NOT_WORSE, NEVER]))
def test_active_model_stays_active(policy: PromotionPolicy) -> None:
    assert decide(policy, 0.01, model(3), model(3)).promoted
