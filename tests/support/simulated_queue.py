"""Several batches under one operator, as values: each pass sees what the others have written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from segue_core.contract import ExtractSummary, VerifySummary
from segue_core.contract.times import timestamp
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import Manifest
from segue_operator.reconcile.batch_queue import holds_place
from segue_operator.reconcile.plans import Plan
from support.manifests import track_batch
from support.simulated_cluster import START, SimulatedCluster


@dataclass
class SimulatedQueue:
    """Batches by name, and one clock."""

    now: datetime = START
    clusters: dict[str, SimulatedCluster] = field(default_factory=dict)

    def create(self, name: str) -> None:
        """As ``kubectl create``."""
        batch = track_batch(name)
        batch["metadata"] |= {"creationTimestamp": timestamp(self.now), "uid": f"{name}-{timestamp(self.now)}"}
        self.clusters[name] = SimulatedCluster(batch, now=self.now)

    def delete(self, name: str) -> None:
        """As ``kubectl delete``; the children go with it."""
        self.clusters.pop(name, None)

    def suspend(self, name: str, *, suspend: bool) -> None:
        """As ``kubectl patch``."""
        self.clusters[name].change_spec(suspend=suspend)

    def step(self, name: str) -> Plan:
        """One pass over a batch."""
        cluster = self.clusters[name]
        cluster.now = self.now
        cluster.batches = tuple(other.resource for other in self.clusters.values())
        return cluster.step()

    def pass_time(self, seconds: float) -> None:
        """The clock goes on."""
        self.now += timedelta(seconds=seconds)

    def finish_work(self, name: str) -> None:
        """The programs of a batch do what is left, as far as their Jobs run."""
        cluster = self.clusters[name]
        for program, summary in (
            ("extract", ExtractSummary(listed=1, extracted=1)),
            ("verify", VerifySummary(listed=1, stored=1, extracted=1)),
        ):
            job = cluster.child(f"{name}-{program}")
            if job is not None and not job["spec"]["suspend"] and not job.get("status"):
                cluster.end_pod(f"{name}-{program}", 0, summary, index=0)
                cluster.end_job(f"{name}-{program}", "Complete", succeeded=1)

    def resource(self, name: str) -> Manifest:
        """A batch."""
        return self.clusters[name].resource

    @property
    def active(self) -> set[str]:
        """Names of the batches that hold a place."""
        return {name for name, cluster in self.clusters.items() if holds_place(cluster.resource)}

    @property
    def at_work(self) -> set[str]:
        """Names of the batches that have a Job that may run pods."""
        return {name for name, cluster in self.clusters.items() if _works(name, cluster)}

    @property
    def unfinished(self) -> set[str]:
        """Names of the batches without a verdict."""
        return {name for name, cluster in self.clusters.items() if not is_finished(cluster.resource)}


def _works(name: str, cluster: SimulatedCluster) -> bool:
    jobs = (cluster.child(f"{name}-{program}") for program in ("extract", "verify"))
    return any(job is not None and not job["spec"]["suspend"] and not job.get("status") for job in jobs)
