"""What the operator counts on Kubernetes, besides the controller's metrics. No label holds an object's name."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from segue_core.contract.times import parse_timestamp
from segue_operator.controller.reconcile_metrics import PrometheusMetrics
from segue_operator.kinds.conditions import condition_of
from segue_operator.kinds.constants import FINAL_REASONS, SUCCEEDED
from segue_operator.kinds.objects import OWN_KINDS, Kind, Manifest

RUN_SECONDS = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400)


class KubeMetrics(PrometheusMetrics):
    """Metrics of the operator in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self._requests = Counter(
            "segue_operator_api_requests",
            "Requests to the API server; code 0 means that no answer came.",
            ["verb", "kind", "code"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "segue_operator_api_request_duration_seconds",
            "Duration of a request to the API server.",
            ["verb"],
            registry=registry,
        )
        self._repairs = Counter(
            "segue_operator_watch_repairs",
            "Objects that an audit found to differ from what the watches had reported.",
            ["kind"],
            registry=registry,
        )
        self._served = Gauge(
            "segue_operator_kind_served", "Whether the API server serves the kind.", ["kind"], registry=registry
        )
        self._heartbeat = Gauge(
            "segue_operator_heartbeat_timestamp_seconds", "When the event loop last ran.", registry=registry
        )
        self._finished = Counter(
            "segue_operator_finished", "Resources that have finished.", ["kind", "reason"], registry=registry
        )
        self._run_seconds = Histogram(
            "segue_operator_run_duration_seconds",
            "Time from a resource's start to its end.",
            ["kind", "outcome"],
            buckets=RUN_SECONDS,
            registry=registry,
        )
        for kind in OWN_KINDS:  # from 0 on, so that the first end of each sort is an increase
            for reason in FINAL_REASONS:
                self._finished.labels(kind, reason)
            for outcome in ("succeeded", "failed"):
                self._run_seconds.labels(kind, outcome)
        self._build = Gauge("segue_operator_build_info", "The running version.", ["version"], registry=registry)

    def api_request(self, verb: str, kind: str, code: int, seconds: float) -> None:
        """Count a request to the API server."""
        self._requests.labels(verb, kind, str(code)).inc()
        self._request_seconds.labels(verb).observe(seconds)

    def repaired(self, kind: Kind, objects: int) -> None:
        """Count what an audit had to repair."""
        self._repairs.labels(kind).inc(objects)

    def served(self, kind: Kind, *, is_served: bool) -> None:
        """Note whether a kind is served."""
        self._served.labels(kind).set(is_served)
        self._repairs.labels(kind)

    def beat(self) -> None:
        """Note that the event loop runs."""
        self._heartbeat.set_to_current_time()

    def finished(self, resource: Manifest) -> None:
        """Count a resource that has just finished."""
        verdict = condition_of(resource, SUCCEEDED)
        status = resource.get("status") or {}
        self._finished.labels(resource["kind"], verdict.get("reason", "")).inc()
        started, ended = status.get("startTime"), status.get("completionTime")
        if started and ended:
            outcome = "succeeded" if verdict.get("status") == "True" else "failed"
            seconds = (parse_timestamp(ended) - parse_timestamp(started)).total_seconds()
            self._run_seconds.labels(resource["kind"], outcome).observe(max(0.0, seconds))

    def build(self, version: str) -> None:
        """Set the running version."""
        self._build.labels(version).set(1)
