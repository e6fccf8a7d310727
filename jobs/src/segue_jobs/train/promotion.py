"""Whether a new model becomes the active one. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from segue_jobs.contract import PromotionPolicy
from segue_jobs.models import ModelDocument
from segue_jobs.train.choice import Metric

SKEW_TOLERANCES = 10
"""A skewness is no share between 0 and 1: its sampling error is several times that of a precision, so it may get worse
by this many times the tolerance."""


@dataclass(frozen=True)
class Decision:
    """Promoted or not, and why, in a sentence."""

    promoted: bool
    reason: str


_FIRST = Decision(True, "the catalogue had no active model")
_NEVER = Decision(False, "the policy is Never")


def name_of(model: ModelDocument) -> str:
    """How people call a version."""
    return f"model {model.number}"


def _incomparable(new: ModelDocument, active: ModelDocument) -> str | None:
    if new.feature_set != active.feature_set:
        return f"another feature set ({active.feature_set}, now {new.feature_set})"
    if new.recipe != active.recipe:
        return f"another recipe ({active.recipe}, now {new.recipe})"
    return None


def _losses(new: ModelDocument, active: ModelDocument, tolerance: float) -> list[str]:
    relevance = Metric.PRECISION if {Metric.PRECISION} <= new.metrics.keys() & active.metrics.keys() else Metric.RECALL
    compared = (
        (relevance, 1.0, tolerance),
        (Metric.REACH, 1.0, tolerance),
        (Metric.HUBNESS, -1.0, SKEW_TOLERANCES * tolerance),
    )
    losses = []
    for metric, direction, allowed in compared:
        after, before = new.metrics.get(metric), active.metrics.get(metric)
        if before is None:
            continue
        if after is None:
            losses.append(f"{metric} was {before:.3f} and cannot be measured now")
        elif direction * (before - after) > allowed:
            losses.append(f"{metric} {after:.3f} instead of {before:.3f} (tolerance {allowed:g})")
    return losses


def decide(policy: PromotionPolicy, tolerance: float, new: ModelDocument, active: ModelDocument | None) -> Decision:
    """Decide on a published model.

    Parameters
    ----------
    policy, tolerance
        Of the training run; the tolerance is a difference of shares between 0 and 1.
    new
        The model to decide on.
    active
        The catalogue's active model, if it has one.
    """
    if active is None:
        return _FIRST if policy is not PromotionPolicy.NEVER else _NEVER
    if active.number == new.number:
        return Decision(True, f"{name_of(new)} is the active model already")
    if policy is PromotionPolicy.NEVER:
        return _NEVER
    if active.number > new.number:
        return Decision(False, f"the newer {name_of(active)} is active")
    if policy is PromotionPolicy.ALWAYS:
        return Decision(True, f"the policy is Always; it replaces {name_of(active)}")
    return _compare(new, active, tolerance)


def _compare(new: ModelDocument, active: ModelDocument, tolerance: float) -> Decision:
    if why := _incomparable(new, active):
        return Decision(True, f"{name_of(active)} has {why}: it cannot be compared, nor place most of the tracks now")
    if new.layout != active.layout:
        return Decision(
            False, f"{name_of(active)} has other families: measures cannot be compared; switch with the policy Always"
        )
    if losses := _losses(new, active, tolerance):
        return Decision(False, f"worse than {name_of(active)}: {'; '.join(losses)}")
    return Decision(True, f"not worse than {name_of(active)} within the tolerance of {tolerance:g}")
