"""The two functions that the controller knows: what to look at, and what to do."""

from __future__ import annotations

from datetime import datetime

from segue_operator.api.conditions import timestamp
from segue_operator.api.constants import ConditionReason, Phase
from segue_operator.api.manifests import ManifestError, validate
from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.api.trackbatch import TrackBatch, TrackBatchStatus
from segue_operator.api.trainingrun import TrainingRunStatus
from segue_operator.children.config import ChildConfig
from segue_operator.reconcile.model import Interests, Observed, Plan
from segue_operator.reconcile.outcome import (
    ConditionWriter,
    changed_status,
    failed,
    is_deleting,
    is_finished,
    transition_events,
)
from segue_operator.reconcile.trackbatch import interests_of_batch, plan_batch
from segue_operator.reconcile.trainingrun import interests_of_run, plan_run


def interests(resource: Manifest, config: ChildConfig) -> Interests:
    """What the plan of a resource must see; nothing for one that is wrong."""
    del config
    try:
        parsed = validate(resource)
    except ManifestError:
        return Interests(keys=())
    return interests_of_batch(parsed) if isinstance(parsed, TrackBatch) else interests_of_run(parsed)


def plan(resource: Manifest, observed: Observed, now: datetime, config: ChildConfig) -> Plan:
    """What to do for a resource, as a function of what is seen.

    A resource that is being deleted gets an empty plan; one whose spec is wrong (a server without the CRD's rules let
    it in) fails as ``InvalidSpec``.
    """
    if is_deleting(resource):
        return Plan()
    try:
        parsed = validate(resource)
    except ManifestError as error:
        return _plan_invalid(resource, error, now)
    if isinstance(parsed, TrackBatch):
        return plan_batch(parsed, resource, observed, now, config)
    return plan_run(parsed, resource, observed, now, config)


def _plan_invalid(resource: Manifest, error: ManifestError, now: datetime) -> Plan:
    kind = Key.of(resource).kind
    status_type = TrackBatchStatus if kind == Kind.TRACK_BATCH else TrainingRunStatus
    old = status_type.model_validate(resource.get("status") or {})
    if is_finished(old):
        return Plan()
    generation = resource["metadata"].get("generation", 1)
    verdict = failed(ConditionReason.INVALID_SPEC, "; ".join(str(problem) for problem in error.problems))
    conditions = ConditionWriter(now, generation).set_summary(old.conditions, verdict, suspend=False)
    new = old.model_copy(
        update={
            "observed_generation": generation,
            "phase": Phase.FAILED,
            "conditions": conditions,
            "completion_time": timestamp(now),
        }
    )
    return Plan(status=changed_status(resource, new), events=transition_events(old.conditions, conditions))
