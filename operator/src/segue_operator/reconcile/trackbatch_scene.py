"""What a TrackBatch's policies look at: its children as typed views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from segue_operator.children.metadata import is_owned
from segue_operator.children.naming import child_name
from segue_operator.children.sink_deployment import is_shared_sink, sink_key
from segue_operator.kinds.constants import Component
from segue_operator.kinds.objects import Key, Kind
from segue_operator.kinds.trackbatch import TrackBatch
from segue_operator.reconcile.batch_queue import Place
from segue_operator.reconcile.observe import (
    DeploymentView,
    JobView,
    PodView,
    observe_deployment,
    observe_job,
    observe_pod,
    of_job,
)
from segue_operator.reconcile.plans import Observed

COMPONENTS = (Component.EXTRACT, Component.SINK, Component.VERIFY)


@dataclass(frozen=True)
class BatchScene:
    """A batch, its Jobs and its sink at one time; names that belong to other objects are in `foreign`."""

    batch: TrackBatch
    now: datetime
    extract: JobView | None
    verify: JobView | None
    sink: DeploymentView | None
    extract_pods: tuple[PodView, ...]
    verify_pods: tuple[PodView, ...]
    sink_pods: tuple[PodView, ...]
    foreign: frozenset[Key]
    problems: Mapping[Key, str]
    place: Place | None = None
    """Where it stands in the queue; None if it may work."""

    @property
    def is_paused(self) -> bool:
        """Whether none of its pods may run."""
        return self.batch.spec.suspend or self.place is not None

    @property
    def pods(self) -> tuple[PodView, ...]:
        """Pods of all children."""
        return (*self.extract_pods, *self.verify_pods, *self.sink_pods)


def child_key(batch: TrackBatch, component: Component) -> Key:
    """Key of a batch's Job, or of the sink that it shares with the other batches of its namespace."""
    if component is Component.SINK:
        return sink_key(batch.metadata.namespace)
    return Key(Kind.JOB, batch.metadata.namespace, child_name(batch.metadata.name, component))


def look(batch: TrackBatch, observed: Observed, now: datetime, place: Place | None = None) -> BatchScene:
    """Build the scene of a batch."""
    keys = {component: child_key(batch, component) for component in COMPONENTS}
    seen = {component: observed.objects[key] for component, key in keys.items() if key in observed.objects}
    owned = {
        component: child
        for component, child in seen.items()
        if (is_shared_sink(child) if component is Component.SINK else is_owned(child, batch))
    }
    jobs = {c: observe_job(owned[c]) for c in (Component.EXTRACT, Component.VERIFY) if c in owned}
    pods = tuple(observe_pod(pod) for pod in observed.pods)
    extract, verify = jobs.get(Component.EXTRACT), jobs.get(Component.VERIFY)
    return BatchScene(
        batch=batch,
        now=now,
        extract=extract,
        verify=verify,
        sink=observe_deployment(owned[Component.SINK]) if Component.SINK in owned else None,
        extract_pods=of_job(pods, Component.EXTRACT, extract),
        verify_pods=of_job(pods, Component.VERIFY, verify),
        sink_pods=tuple(pod for pod in pods if pod.component == Component.SINK),
        foreign=frozenset(keys[component] for component in seen if component not in owned),
        problems={key: message for key, message in observed.problems.items() if key in keys.values()},
        place=place,
    )
