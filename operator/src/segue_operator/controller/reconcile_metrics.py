"""Metrics of the controller: the port, and its implementation with Prometheus."""

from __future__ import annotations

from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from segue_operator.controller.queue import QueueMetrics
from segue_operator.kinds.objects import OWN_KINDS, Kind

DONE = "done"
"""Result of a pass that ended without an error."""


class ControllerMetrics(QueueMetrics, Protocol):
    """What the controller reports about itself."""

    def reconciled(self, kind: Kind, result: str, seconds: float) -> None:
        """One pass over a resource or a sink ended; ``result`` is `DONE` or the class of the error."""
        ...

    def watch_event(self, kind: Kind) -> None:
        """A watch delivered an event."""
        ...


class PrometheusMetrics:
    """Metrics of one controller in a registry; no label holds the name of an object."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._passes = Counter(
            "segue_operator_reconcile", "Passes over resources and sinks.", ["kind", "result"], registry=registry
        )
        for kind in (
            *OWN_KINDS,
            Kind.DEPLOYMENT,
        ):  # from 0 on, so that the share of failed passes is known from the first one
            self._passes.labels(kind, DONE)
        self._seconds = Histogram(
            "segue_operator_reconcile_duration_seconds", "Duration of a pass.", ["kind"], registry=registry
        )
        self._depth = Gauge("segue_operator_workqueue_depth", "Keys that wait for a worker.", registry=registry)
        self._latency = Histogram(
            "segue_operator_workqueue_latency_seconds", "Time that a key waited for a worker.", registry=registry
        )
        self._retries = Counter("segue_operator_workqueue_retries", "Keys put back after a failure.", registry=registry)
        self._last_event = Gauge(
            "segue_operator_watch_last_event_timestamp_seconds",
            "When a watch last delivered an event.",
            ["kind"],
            registry=registry,
        )

    def reconciled(self, kind: Kind, result: str, seconds: float) -> None:
        """Count a pass."""
        self._passes.labels(kind, result).inc()
        self._seconds.labels(kind).observe(seconds)

    def watch_event(self, kind: Kind) -> None:
        """Note that the watch is alive."""
        self._last_event.labels(kind).set_to_current_time()

    def queue_depth(self, keys: int) -> None:
        """Set the queue's depth."""
        self._depth.set(keys)

    def queue_latency(self, seconds: float) -> None:
        """Observe a wait."""
        self._latency.observe(seconds)

    def queue_retry(self) -> None:
        """Count a retry."""
        self._retries.inc()
