"""Plan of a namespace's sink: whether it exists, for which batches, and with how many pods. Pure.

All sinks are in one consumer group, so any of them stores the records of every batch. One for the whole namespace is
enough for as long as a batch is at work, and more help only while records pile up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import controller_uid, is_ours
from segue_operator.children.sink_deployment import build_sink_deployment, is_shared_sink
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import Key, Manifest
from segue_operator.reconcile.batch_queue import holds_place, turn, waits_for_place
from segue_operator.reconcile.observe import observe_deployment
from segue_operator.reconcile.outcome import CONFLICT_RETRY_SECONDS, is_deleting
from segue_operator.reconcile.plans import Observed, Plan

RECORDS_PER_SINK = 5_000
"""How many waiting records are worth a sink of their own: one stores about as many in two seconds."""
LAG_LOOK_SECONDS = 15.0
"""How often to ask how many records wait."""


def needs_sink(batch: Manifest) -> bool:
    """Whether a batch is at work, or has ended and keeps the sink running."""
    spec = batch.get("spec") or {}
    if not is_finished(batch):
        return holds_place(batch)
    is_kept = (spec.get("sink") or {}).get("keepRunning") is True
    return is_kept and not (spec.get("suspend") or is_deleting(batch))


def wish_of(batch: Manifest) -> tuple[bool, int] | None:
    """What of a batch the plan of its sink depends on; None if nothing does, as with all that have ended."""
    if needs_sink(batch):
        return True, _replicas(batch)
    return (False, 0) if waits_for_place(batch) else None


def plan_sink(key: Key, observed: Observed, lag: int | None, config: ChildConfig) -> Plan:
    """What to do for the sink of a namespace.

    Parameters
    ----------
    key
        Key of the sink.
    observed
        The namespace's batches and sinks: the shared one, and those that an earlier version made for one batch each.
    lag
        How many records wait for the sink's pods; None if nobody knows.
    """
    sink = observed.objects.get(key)
    outdated = tuple(sorted(found for found, one in observed.objects.items() if _belongs_to_batch(one)))
    users = sorted((batch for batch in observed.batches if needs_sink(batch)), key=turn)
    if sink is not None and not is_shared_sink(sink):
        return Plan(delete=outdated, requeue_after_seconds=CONFLICT_RETRY_SECONDS if users else None)
    if not users:
        is_idle = sink is not None and not any(waits_for_place(batch) for batch in observed.batches)
        return Plan(delete=(*outdated, key) if is_idle else outdated)
    least, most = bounds(users, config)
    seen = observe_deployment(sink) if sink is not None else None
    replicas = replicas_for(lag, least if seen is None else seen.replicas, least, most)
    wanted = build_sink_deployment(key.namespace, users, replicas, config)
    told = observe_deployment(wanted)
    is_current = seen is not None and (seen.digest, seen.replicas) == (told.digest, told.replicas)
    return Plan(
        delete=outdated,
        apply=() if is_current else (wanted,),
        requeue_after_seconds=LAG_LOOK_SECONDS if most > least else None,
    )


def bounds(users: Iterable[Manifest], config: ChildConfig) -> tuple[int, int]:
    """The least and the greatest number of pods: the largest ``spec.sink.replicas``, and the operator's limit.

    More pods than partitions would be idle.
    """
    least = max(map(_replicas, users), default=1)
    return least, max(least, min(config.sink_max_replicas, config.topic_partitions))


def replicas_for(lag: int | None, present: int, least: int, most: int) -> int:
    """How many pods there should be.

    As many as the waiting records are worth; but none is taken away before nearly all are stored, because every
    change makes the consumer group share out its partitions again.
    """
    present = min(max(present, least), most)
    if lag is None:
        return present
    wanted = min(max(math.ceil(lag / RECORDS_PER_SINK), least), most)
    if wanted > present:
        return wanted
    return least if lag < RECORDS_PER_SINK // 10 else present


def _replicas(batch: Manifest) -> int:
    sink = (batch.get("spec") or {}).get("sink") or {}
    return int(sink.get("replicas") or 1)


def _belongs_to_batch(deployment: Manifest) -> bool:
    return is_ours(deployment) and controller_uid(deployment) is not None
