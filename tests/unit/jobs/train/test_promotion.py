"""Promotion of a new model."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import Family, PromotionPolicy
from segue_core.contract.measures import Metric
from segue_core.store.models import CatalogueDocument, Comparison, Difference, FamilyLayout, ModelDocument
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


def difference(metric: Metric, before: float, after: float, spread: float) -> Difference:
    change = after - before
    return Difference(metric=metric, before=before, after=after, low=change - spread, high=change + spread)


def compared(*today: Difference, **parts: Any) -> ModelDocument:
    return model(2, comparison=Comparison(model="c:1", tracks=900, today=today, **parts))


SAME = difference(Metric.PRECISION, 0.4, 0.4, 0.01)
WORSE = difference(Metric.PRECISION, 0.4, 0.3, 0.02)


@pytest.mark.parametrize(
    ("metric", "before", "after", "spread", "promoted"),
    [
        (Metric.PRECISION, 0.4, 0.38, 0.01, False),
        (Metric.PRECISION, 0.4, 0.38, 0.03, True),  # chance explains it
        (Metric.PRECISION, 0.4, 0.391, 0.001, True),  # certain, but nobody would notice
        (Metric.SAME_ARTIST, 0.4, 0.38, 0.01, False),
        (Metric.REACH, 0.9, 0.88, 0.01, False),
        (Metric.REACH, 0.9, 0.95, 0.01, True),
        (Metric.HUBNESS, 1.0, 1.2, 0.1, False),
        (Metric.HUBNESS, 1.0, 1.2, 0.3, True),
        (Metric.HUBNESS, 1.0, 1.09, 0.01, True),
        (Metric.HUBNESS, 0.2, 0.9, 0.1, True),  # below 1, hubs are no fault
        (Metric.HUBNESS, 2.0, 0.2, 0.1, True),
    ],
)
def test_only_what_is_certainly_worse_and_by_more_than_the_tolerance_is_refused(
    metric: Metric, before: float, after: float, spread: float, promoted: bool
) -> None:
    decision = decide(IF_NOT_WORSE, 0.01, compared(difference(metric, before, after, spread)), model(1))
    assert decision.promoted is promoted
    assert f"{after:.2f} instead of {before:.2f}" in decision.reason


def test_more_hubs_are_no_fault_of_lists_that_are_certainly_more_relevant() -> None:
    """Noise has no hubs."""
    hubs, better = difference(Metric.HUBNESS, 0.2, 1.5, 0.1), difference(Metric.PRECISION, 0.1, 0.4, 0.02)
    assert decide(IF_NOT_WORSE, 0.01, compared(better, hubs), model(1)).promoted
    assert not decide(IF_NOT_WORSE, 0.01, compared(SAME, hubs), model(1)).promoted


def test_features_that_have_changed_for_the_worse_are_refused_and_reported() -> None:
    decision = decide(IF_NOT_WORSE, 0.01, compared(SAME, changed=450, decay=(WORSE,), remainder=(WORSE,)), model(1))
    assert not decision.promoted
    assert decision.reason == (
        "the features of 450 of 900 compared tracks have changed since model 1 was trained, and lists are worse with "
        "them: ingest their audio again, or use the policy Always. "
        "Same genre among 10 neighbours, other artists only: 0.30 instead of 0.40"
    )
    assert decision.decay == (
        "model 1 was trained on other features than 450 of 900 compared tracks have today, and its lists are worse "
        "with these. Same genre among 10 neighbours, other artists only: 0.30 instead of 0.40"
    )


def test_a_model_that_copes_with_changed_features_replaces_one_that_does_not() -> None:
    better = difference(Metric.PRECISION, 0.3, 0.4, 0.02)
    decision = decide(IF_NOT_WORSE, 0.01, compared(better, changed=900, decay=(WORSE,), remainder=(SAME,)), model(1))
    assert (decision.promoted, decision.decay) == (True, "")
    assert "gives better lists than model 1" in decision.reason


def test_a_model_that_was_trained_on_wrong_features_does_not_stand_in_the_way() -> None:
    """Not even if its scaler happens to be as good on the right ones."""
    recovered = difference(Metric.PRECISION, 0.1, 0.39, 0.02)
    slightly = difference(Metric.PRECISION, 0.41, 0.39, 0.01)
    decision = decide(IF_NOT_WORSE, 0.01, compared(slightly, changed=9, remainder=(recovered,)), model(1))
    assert (decision.promoted, "0.39 instead of 0.10" in decision.reason) == (True, True)


@pytest.mark.parametrize("policy", [NEVER, IF_NOT_WORSE])
def test_the_alarm_does_not_depend_on_the_policy(policy: PromotionPolicy) -> None:
    new = compared(SAME, changed=1, decay=(WORSE,), remainder=(WORSE,))
    assert decide(policy, 0.01, new, model(1)).decay
    assert decide(policy, 0.01, new, model(1), pointer(active_model="c:1", pinned=True)).decay
    assert not decide(policy, 0.01, compared(SAME, changed=1, decay=(SAME,), remainder=(WORSE,)), model(1)).decay


def test_a_decision_is_two_sentences_in_the_words_of_the_table() -> None:
    reach, hubs = difference(Metric.REACH, 0.97, 0.98, 0.02), difference(Metric.HUBNESS, 0.9, 0.85, 0.1)
    decision = decide(IF_NOT_WORSE, 0.01, compared(SAME, reach, hubs), model(1))
    assert decision.reason == (
        "asked for the same 900 tracks, model 2 gives lists as good as model 1. Same genre among 10 neighbours, other "
        "artists only: 0.40 instead of 0.40; share of tracks that are in another track's 10: 0.98 instead of 0.97; "
        "hubs: skew of how often a track is in a list: 0.85 instead of 0.90"
    )


@pytest.mark.parametrize("comparison", [None, Comparison(model="c:0", tracks=9, today=(SAME,))])
def test_a_model_that_was_not_compared_with_the_active_one_is_not_promoted(comparison: Comparison | None) -> None:
    decision = decide(IF_NOT_WORSE, 0.01, model(2, comparison=comparison), model(1))
    assert (decision.promoted, "run the training again" in decision.reason) == (False, True)


def test_a_family_that_no_longer_tells_tracks_apart_is_refused() -> None:
    scaler = msgspec.structs.replace(model(1).scaler, deviation=(0.0,))
    new = msgspec.structs.replace(compared(SAME), scaler=scaler)
    decision = decide(IF_NOT_WORSE, 0.01, new, model(1))
    assert (decision.promoted, "the family rhythm is the same in all tracks" in decision.reason) == (False, True)
    assert decide(IF_NOT_WORSE, 0.01, new, model(1, scaler=scaler)).promoted


@pytest.mark.parametrize("change", [{"recipe": "recipe-2"}, {"feature_set": "set-2"}])
def test_another_recipe_is_promoted_and_says_that_it_cannot_be_compared(change: dict[str, str]) -> None:
    decision = decide(IF_NOT_WORSE, 0.01, model(2, metrics={}, **change), model(1))
    assert (decision.promoted, "cannot be compared" in decision.reason) == (True, True)


def test_other_families_are_not_promoted_automatically() -> None:
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


def pointer(**changes: Any) -> CatalogueDocument:
    found = CatalogueDocument(
        catalogue="c", active_model="c:3", by="segue models activate", reason="it is calmer", updated="2026-11-29"
    )
    return msgspec.structs.replace(found, **changes)


@given(st.sampled_from(PromotionPolicy), st.floats(0, 1), st.integers(4, 9), st.sampled_from([None, 3]))
def test_no_policy_replaces_a_pinned_model(
    policy: PromotionPolicy, tolerance: float, number: int, active: int | None
) -> None:
    """Not even if the pinned version has been deleted from the database."""
    decision = decide(policy, tolerance, model(number), active and model(active), pointer(pinned=True))
    assert not decision.promoted
    if policy is NEVER:
        assert decision.reason == "the policy is Never"
    else:
        name = "model 3" if active else "c:3"
        assert decision.reason == (
            f"{name} is pinned (by segue models activate, 2026-11-29: it is calmer), so model {number} is stored but "
            f"not used; to use it: segue models unpin --catalogue c, then segue models activate {number} --catalogue c"
        )


@pytest.mark.parametrize("policy", [ALWAYS, IF_NOT_WORSE])
def test_a_retried_run_does_not_undo_a_rollback_of_its_own_model(policy: PromotionPolicy) -> None:
    rolled_back = pointer(previous_model="c:4")
    decision = decide(policy, 0.01, model(4), model(3), rolled_back)
    assert not decision.promoted
    assert decision.reason == (
        "model 4 was active until 2026-11-29, when c:3 replaced it (by segue models activate: it is calmer); "
        "to use it again: segue models activate 4 --catalogue c"
    )
    newer = model(5, comparison=Comparison(model="c:3", tracks=900, today=(SAME,)))
    assert decide(policy, 0.01, newer, model(3), rolled_back).promoted


def test_the_longest_texts_leave_room_for_the_way_out() -> None:
    """A resource's status holds 1,024 characters of a decision."""
    long = pointer(pinned=True, by="b" * 500, reason="r" * 500)
    decision = decide(ALWAYS, 0.01, model(4, catalogue="c" * 63), model(3, catalogue="c" * 63), long)
    assert len(decision.reason) < 1024
    assert decision.reason.endswith(f"segue models activate 4 --catalogue {'c' * 63}")
