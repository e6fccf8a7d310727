"""How a replica is: for the readiness probe and the metrics."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from segue_api.http.operation import Service
from segue_api.service.loading import Loader
from segue_core.recommend.drift import drift_of


@dataclass
class Condition:
    """What the port for metrics says about a replica."""

    ready: threading.Event = field(default_factory=threading.Event)
    """Set once everything that is wanted is in service; a failed load later does not clear it."""
    details: tuple[str, ...] = ()
    """What is not as it should be, a line each."""


def show_condition(service: Service, loader: Loader, condition: Condition) -> None:
    """Bring the condition and the gauges up to date."""
    problem = loader.problem
    stale = tuple(f"{name}: {why}" for name, why in sorted(service.catalogues.problems.items()))
    condition.details = stale or ((problem,) if problem else ())
    if problem is None:
        condition.ready.set()
    metrics = service.metrics
    metrics.waiting.set(service.compute.waiting)
    metrics.profiles.set(len(service.listeners))
    for name, served in service.catalogues.served.items():
        tracks = served.recommender.tracks.count
        metrics.show_tracks(name, tracks)
        metrics.show_drift(name, drift_of(served.recommender.tracks))
        metrics.show_shift(name, served.recommender.space.slices, served.shift)
        metrics.show_served(name, service.served.share(name, tracks))
