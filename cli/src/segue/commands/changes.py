"""What applying manifests changes, and what it may not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from segue_operator.controller.cluster import InvalidError
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.manifests import ManifestError, validate, validate_update, with_defaults
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kinds.trainingrun import TrainingRun
from segue_operator.reconcile.freshness import training_of
from segue_operator.reconcile.plans import Observed
from segue_operator.reconcile.trainingrun_freshness import look_at_catalogue


class Change(StrEnum):
    """What an apply changed, in kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"


def change_of(existing: Manifest | None, manifest: Manifest) -> Change:
    """What applying a manifest to an existing object will do.

    Raises
    ------
    ManifestError
        It would change an immutable field.
    """
    if existing is None:
        return Change.CREATED
    validate_update(existing, manifest)
    same = with_defaults(existing)["spec"] == with_defaults(manifest)["spec"]
    return Change.UNCHANGED if same else Change.CONFIGURED


def check_stored(new: Manifest, old: Manifest | None) -> Manifest:
    """What the local cluster stores of a TrackBatch or TrainingRun, as an API server with the CRDs would.

    Raises
    ------
    InvalidError
        The API server would refuse it.
    """
    try:
        if old is not None:
            validate_update(old, new)
        return with_defaults(new)
    except ManifestError as error:
        raise InvalidError(str(error)) from error


def all_done(manifests: Iterable[Manifest], existing: Mapping[Key, Manifest], now: datetime) -> bool:
    """Whether applying these manifests changes nothing, and all resources have finished and train no more."""
    return all(
        (found := existing.get(Key.of(manifest))) is not None
        and change_of(found, manifest) is Change.UNCHANGED
        and is_finished(found)
        and not _is_due(found, existing, now)
        for manifest in manifests
    )


def trains_by_itself(manifest: Manifest, existing: Manifest | None) -> bool:
    """Whether a resource is a run with ``spec.retrain`` that has trained: then its own rules say when it does again."""
    run = validate(manifest)
    if existing is None or not isinstance(run, TrainingRun) or run.spec.retrain is None:
        return False
    try:
        validate_update(existing, manifest)
    except ManifestError:
        return False
    return training_of(existing) is not None


def _is_due(resource: Manifest, existing: Mapping[Key, Manifest], now: datetime) -> bool:
    """Whether a run that has finished would start its next round now."""
    run = validate(resource)
    if not isinstance(run, TrainingRun):
        return False
    batches = tuple(found for key, found in existing.items() if key.kind is Kind.TRACK_BATCH)
    runs = tuple(found for key, found in existing.items() if key.kind is Kind.TRAINING_RUN)
    return look_at_catalogue(run, resource, Observed(batches=batches, runs=runs), now).outlook.starts
