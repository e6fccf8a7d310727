"""A TrackBatch in the states that tests begin with, in the simulated cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue_core.contract import ExtractSummary, VerifySummary
from support.manifests import track_batch
from support.simulated_cluster import SimulatedCluster

EXTRACT, SINK, VERIFY = "songs-extract", "segue-sink", "songs-verify"
ALL_STORED = VerifySummary(listed=10, stored=10, extracted=10)


def started(**spec: Any) -> SimulatedCluster:
    """A batch whose first children are made."""
    cluster = SimulatedCluster(track_batch(**spec))
    cluster.step()
    return cluster


def extracted(**spec: Any) -> SimulatedCluster:
    """A batch of ten tracks whose shards are done."""
    cluster = started(**spec)
    cluster.end_pod(EXTRACT, 0, ExtractSummary(shard=0, listed=10, extracted=10), index=0)
    cluster.end_job(EXTRACT, "Complete", succeeded=1)
    cluster.step()
    return cluster


def verified(summary: VerifySummary = ALL_STORED, *, exit_code: int = 0, **spec: Any) -> SimulatedCluster:
    """A batch whose verification has ended."""
    cluster = extracted(**spec)
    cluster.end_pod(VERIFY, exit_code, summary)
    cluster.end_job(VERIFY, "Failed" if exit_code else "Complete", "PodFailurePolicy" if exit_code else "")
    cluster.step()
    return cluster


def names(cluster: SimulatedCluster) -> set[str]:
    """Names of all objects."""
    return {key.name for key in cluster.objects}


def nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of a status that are not 0."""
    return {state: count for state, count in counts.items() if count}
