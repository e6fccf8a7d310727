"""Whether a new model becomes the active one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from segue_core.contract import PromotionPolicy
from segue_core.contract.measures import MEASURES, Metric
from segue_core.store.models import CatalogueDocument, Comparison, Difference, ModelDocument
from segue_core.store.pointer import changed_in_words, pin_in_words

SKEW_TOLERANCES = 10
"""Skewness is not a share from 0 to 1: it may get worse by this many times the tolerance."""
HUBS_FROM = 1.0
"""Below this skewness, no track is in so many lists that anybody would notice."""


_RELEVANCE = (Metric.PRECISION, Metric.SAME_ARTIST)


@dataclass(frozen=True)
class Decision:
    """Whether to promote, and why, in words that the owner of a catalogue understands."""

    promoted: bool
    reason: str
    decay: str = ""
    """How the version that stays active has become worse since it was trained; empty if it has not."""


_FIRST = Decision(True, "the catalogue had no active model")
_NEVER = Decision(False, "the policy is Never")


def name_of(model: ModelDocument) -> str:
    """A version's name for people."""
    return f"model {model.number}"


def _incomparable(new: ModelDocument, active: ModelDocument) -> str | None:
    if new.feature_set != active.feature_set:
        return f"another feature set ({active.feature_set}, now {new.feature_set})"
    if new.recipe != active.recipe:
        return f"another recipe ({active.recipe}, now {new.recipe})"
    return None


def _gain(difference: Difference) -> float:
    """By how much a measure is better afterwards; negative if it is worse."""
    change = difference.after - difference.before
    return -change if difference.metric == Metric.HUBNESS else change


def _losses(differences: Sequence[Difference], tolerance: float) -> list[Difference]:
    """Measures that are worse by more than the tolerance, and certainly worse: the interval does not contain 0.

    Lists that are certainly more relevant may have more hubs: noise has none.
    """
    if _is_better(differences, tolerance):
        return []
    return [one for one in differences if _is_certain(one) and _is_loss(one, tolerance)]


def _is_better(differences: Sequence[Difference], tolerance: float) -> bool:
    """Whether lists are certainly more relevant."""
    return any(one.metric in _RELEVANCE and _gain(one) > tolerance and _is_certain(one) for one in differences)


def _is_loss(difference: Difference, tolerance: float) -> bool:
    if difference.metric == Metric.HUBNESS:
        return difference.after > HUBS_FROM and -_gain(difference) > SKEW_TOLERANCES * tolerance
    return -_gain(difference) > tolerance


def _is_certain(difference: Difference) -> bool:
    return difference.low > 0 or difference.high < 0


def _in_words(differences: Sequence[Difference]) -> str:
    return "; ".join(
        f"{MEASURES[Metric(one.metric)]}: {one.after:.2f} instead of {one.before:.2f}" for one in differences
    )


def _stays(new: ModelDocument, active: ModelDocument | None, pointer: CatalogueDocument | None) -> Decision | None:
    """Why the active model stays whatever the measures say; None if they decide."""
    catalogue = f"--catalogue {new.catalogue}"
    use = f"segue models activate {new.number} {catalogue}"
    if active is not None and active.number > new.number:
        return Decision(False, f"the newer {name_of(active)} is active")
    if pointer is not None and pointer.pinned:
        name = pointer.active_model if active is None else name_of(active)
        return Decision(
            False,
            f"{name} is {pin_in_words(pointer)}, so {name_of(new)} is stored but not used; to use it: "
            f"segue models unpin {catalogue}, then {use}",
        )
    if pointer is not None and pointer.previous_model == new.key:
        # This run is retried after somebody has rolled back what it activated.
        return Decision(False, f"{name_of(new)} was active until {changed_in_words(pointer)}; to use it again: {use}")
    return None


def _decide(
    policy: PromotionPolicy,
    tolerance: float,
    new: ModelDocument,
    active: ModelDocument | None,
    pointer: CatalogueDocument | None,
) -> Decision:
    if active is not None and active.number == new.number:
        return Decision(True, f"{name_of(new)} is already the active model")
    if policy is PromotionPolicy.NEVER:
        return _NEVER
    if stays := _stays(new, active, pointer):
        return stays
    if active is None:
        return _FIRST
    if policy is PromotionPolicy.ALWAYS:
        return Decision(True, f"the policy is Always; it replaces {name_of(active)}")
    return _compare(new, active, tolerance)


def decide(
    policy: PromotionPolicy,
    tolerance: float,
    new: ModelDocument,
    active: ModelDocument | None,
    pointer: CatalogueDocument | None = None,
) -> Decision:
    """Decide on a published model.

    Parameters
    ----------
    policy, tolerance
        From the training run; the tolerance is a difference between shares from 0 to 1.
    new
        The model to decide on.
    active
        The catalogue's active model, if it has one.
    pointer
        The catalogue's pointer to it.
    """
    decision = _decide(policy, tolerance, new, active, pointer)
    if decision.promoted or active is None:
        return decision
    return replace(decision, decay=_decay(new, active, tolerance))


def _decay(new: ModelDocument, active: ModelDocument, tolerance: float) -> str:
    found = _comparison(new, active)
    losses = _losses(found.decay, tolerance) if found is not None else []
    if found is None or not losses:
        return ""
    return (
        f"{name_of(active)} was trained on other features than {found.changed} of {found.tracks} compared tracks have "
        f"today, and its lists are worse with these. {_capitalised(_in_words(losses))}"
    )


def _comparison(new: ModelDocument, active: ModelDocument) -> Comparison | None:
    """What the training measured, if it was this active model that it measured."""
    return new.comparison if new.comparison is not None and new.comparison.model == active.key else None


def _compare(new: ModelDocument, active: ModelDocument, tolerance: float) -> Decision:
    if why := _incomparable(new, active):
        return Decision(
            True, f"{name_of(active)} has {why}: it cannot be compared, and can no longer place most of the tracks"
        )
    if new.layout != active.layout:
        return Decision(
            False,
            f"{name_of(active)} has other families, so measures cannot be compared: use the policy Always to switch",
        )
    if lost := _lost_families(new, active):
        return Decision(
            False,
            f"the family {lost[0]} is the same in all tracks, but was not when {name_of(active)} was trained: "
            "check the audio and ingest it again",
        )
    found = _comparison(new, active)
    if found is None or not found.today:
        return Decision(
            False,
            f"{name_of(active)} became the active model while {name_of(new)} was trained, so the two were not "
            "compared: run the training again",
        )
    return _by_lists(new, active, found, tolerance)


def _lost_families(new: ModelDocument, active: ModelDocument) -> list[str]:
    """Families that have lost all their differences between tracks."""
    lost, start = [], 0
    for part in new.layout:
        here = slice(start, start + len(part.dimensions))
        if any(active.scaler.deviation[here]) and not any(new.scaler.deviation[here]):
            lost.append(str(part.family))
        start = here.stop
    return lost


def _by_lists(new: ModelDocument, active: ModelDocument, found: Comparison, tolerance: float) -> Decision:
    asked = f"asked for the same {found.tracks} tracks"
    if _is_better(found.remainder, tolerance):
        return Decision(
            True,
            f"{name_of(active)} was trained on other features than {found.changed} of {found.tracks} compared tracks "
            f"have today, and lists are better with these. {_capitalised(_in_words(found.remainder))}",
        )
    if losses := _losses(found.today, tolerance):
        return Decision(
            False,
            f"{asked}, {name_of(new)} gives worse lists than {name_of(active)}, by more than the tolerance of "
            f"{tolerance:g} and more than chance explains. {_capitalised(_in_words(losses))}",
        )
    remainder = _losses(found.remainder, tolerance)
    if remainder and _losses(found.decay, tolerance):
        return Decision(
            False,
            f"the features of {found.changed} of {found.tracks} compared tracks have changed since {name_of(active)} "
            "was trained, and lists are worse with them: ingest their audio again, or use the policy Always. "
            f"{_capitalised(_in_words(remainder))}",
        )
    better = _is_better(found.today, tolerance)
    return Decision(
        True,
        f"{asked}, {name_of(new)} gives {'better lists than' if better else 'lists as good as'} {name_of(active)}. "
        f"{_capitalised(_in_words(found.today))}",
    )


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
