"""The two functions that the controller calls: what to observe, and what to do."""

from __future__ import annotations

from datetime import datetime

from segue_core.contract.times import timestamp
from segue_operator.children.config import ChildConfig
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.constants import ConditionReason, Phase
from segue_operator.kinds.manifests import ManifestError, validate
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kinds.trackbatch import TrackBatch, TrackBatchStatus
from segue_operator.kinds.trainingrun import TrainingRunStatus
from segue_operator.reconcile.batch_queue import waits_for_place
from segue_operator.reconcile.outcome import (
    ConditionWriter,
    changed_status,
    failed,
    is_deleting,
    transition_events,
)
from segue_operator.reconcile.plans import Interests, Observed, Plan
from segue_operator.reconcile.stall import set_stalled
from segue_operator.reconcile.trackbatch_plan import interests_of_batch, plan_batch
from segue_operator.reconcile.trainingrun_plan import interests_of_run, plan_run


def interests(resource: Manifest) -> Interests:
    """What to observe for the plan of a resource; nothing if the resource is invalid."""
    try:
        parsed = validate(resource)
    except ManifestError:
        return Interests(keys=())
    if isinstance(parsed, TrackBatch):
        return interests_of_batch(parsed, needs_queue=waits_for_place(resource))
    return interests_of_run(parsed)


def plan(resource: Manifest, observed: Observed, now: datetime, config: ChildConfig) -> Plan:
    """What to do for a resource, as a function of what is observed.

    A resource that is being deleted gets an empty plan; one with an invalid spec (from a server without the CRD's
    rules) fails as ``InvalidSpec``.
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
    if is_finished(resource):
        return Plan()
    kind = Key.of(resource).kind
    status_type = TrackBatchStatus if kind == Kind.TRACK_BATCH else TrainingRunStatus
    old = status_type.model_validate(resource.get("status") or {})
    generation = resource["metadata"].get("generation", 1)
    verdict = failed(ConditionReason.INVALID_SPEC, "; ".join(str(problem) for problem in error.problems))
    writer = ConditionWriter(now, generation)
    conditions = writer.set_summary(old.conditions, verdict, suspend=False)
    conditions = set_stalled(writer, conditions, old, None)
    new = old.model_copy(
        update={
            "observed_generation": generation,
            "phase": Phase.FAILED,
            "conditions": conditions,
            "completion_time": timestamp(now),
        }
    )
    return Plan(status=changed_status(resource, new), events=transition_events(old.conditions, conditions))
