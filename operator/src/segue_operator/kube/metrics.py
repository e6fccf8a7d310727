"""What the operator measures on Kubernetes, beside the controller's own metrics.

Counters and histograms carry no object's name. What describes objects comes from a collector that reads the mirror at
each scrape, so that a series ends with its object.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from segue_operator.api.constants import Phase
from segue_operator.api.objects import Kind, Manifest
from segue_operator.controller.metrics import PrometheusMetrics

RESOURCE_KINDS = (Kind.TRACK_BATCH, Kind.TRAINING_RUN)
TRACK_STATES = ("listed", "extracted", "skipped", "rejected", "stored")
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
            "Objects that an audit found to differ from what the watches had told.",
            ["kind"],
            registry=registry,
        )
        self._served = Gauge(
            "segue_operator_kind_served", "Whether the API server serves the kind.", ["kind"], registry=registry
        )
        self._heartbeat = Gauge(
            "segue_operator_heartbeat_timestamp_seconds", "When the event loop last turned.", registry=registry
        )
        self._finished = Counter(
            "segue_operator_finished", "Resources that came to their end.", ["kind", "reason"], registry=registry
        )
        self._run_seconds = Histogram(
            "segue_operator_run_duration_seconds",
            "Time from a resource's start to its end.",
            ["kind", "outcome"],
            buckets=RUN_SECONDS,
            registry=registry,
        )
        self._build = Gauge("segue_operator_build_info", "The running version.", ["version"], registry=registry)

    def api_request(self, verb: str, kind: str, code: int, seconds: float) -> None:
        """Count a request to the API server."""
        self._requests.labels(verb, kind, str(code)).inc()
        self._request_seconds.labels(verb).observe(seconds)

    def repaired(self, kind: Kind, objects: int) -> None:
        """Count what an audit had to put right."""
        self._repairs.labels(kind).inc(objects)

    def served(self, kind: Kind, *, is_served: bool) -> None:
        """Note whether a kind is served."""
        self._served.labels(kind).set(is_served)

    def beat(self) -> None:
        """Note that the event loop turns."""
        self._heartbeat.set_to_current_time()

    def finished(self, resource: Manifest) -> None:
        """Count a resource that has just got its final verdict."""
        verdict = _verdict(resource)
        status = resource.get("status") or {}
        self._finished.labels(resource["kind"], verdict.get("reason", "")).inc()
        started, ended = status.get("startTime"), status.get("completionTime")
        if started and ended:
            outcome = "succeeded" if verdict.get("status") == "True" else "failed"
            seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
            self._run_seconds.labels(resource["kind"], outcome).observe(max(0.0, seconds))

    def build(self, version: str) -> None:
        """Name the running version."""
        self._build.labels(version).set(1)


class ResourceCollector(Collector):
    """Gauges over the resources that exist, computed at each scrape.

    Parameters
    ----------
    resources
        All TrackBatches and TrainingRuns, as they are known now.
    watch_ages
        Seconds since each kind's objects were last known to be as the server has them.
    are_known
        Whether the resources have been listed: before that, none would be a lie, which alerts on what has grown since
        would take for the truth after every start.
    """

    def __init__(
        self,
        resources: Callable[[], Iterable[Manifest]],
        watch_ages: Callable[[], Mapping[Kind, float]],
        are_known: Callable[[], bool] = lambda: True,
    ) -> None:
        self._resources = resources
        self._watch_ages = watch_ages
        self._are_known = are_known

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Families without samples, so that registration needs no resources."""
        yield from _families().values()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All families with their samples."""
        families = _families()
        if self._are_known():
            self._show_resources(families)
        for kind, seconds in self._watch_ages().items():
            families["watch_age"].add_metric([kind], seconds)
        yield from families.values()

    def _show_resources(self, families: Mapping[str, GaugeMetricFamily]) -> None:
        totals = _Totals()
        for resource in self._resources():
            totals.add(resource)
        _show_states(families["resources"], totals)
        _show_tracks(families, totals)
        _show_training(families, totals)


def _families() -> dict[str, GaugeMetricFamily]:
    def family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"segue_operator_{name}", text, labels=labels)

    return {
        "resources": family("resources", "Resources by kind and phase.", "kind", "state"),
        "tracks": family("tracks", "Tracks of the batches that exist, by state.", "state"),
        "rejected": family("rejected_tracks", "Rejected tracks of the batches that exist.", "reason"),
        "watch_age": family("watch_age_seconds", "Time since the objects were last known to be current.", "kind"),
        "training_time": family(
            "training_last_success_timestamp_seconds", "When a catalogue's last training ended well.", "catalogue"
        ),
        "training_tracks": family("training_tracks", "Tracks of the last training.", "catalogue", "state"),
        "training_clusters": family("training_clusters", "Clusters of the last training.", "catalogue"),
        "training_metric": family("training_metric", "Measures of the last training.", "catalogue", "metric"),
        "training_promoted": family(
            "training_promoted", "Whether the last training's model became the active one.", "catalogue"
        ),
    }


def _verdict(resource: Manifest) -> Mapping[str, Any]:
    conditions = (resource.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == "Succeeded"), {})


def is_finished(resource: Manifest) -> bool:
    """Whether a resource has its final verdict."""
    return _verdict(resource).get("status") in ("True", "False")


@dataclass
class _Totals:
    """What a scrape adds up of resources that it sees one by one."""

    states: Tally[tuple[str, str]] = field(default_factory=Tally)
    """By kind and phase."""
    tracks: Tally[str] = field(default_factory=Tally)
    reasons: Tally[str] = field(default_factory=Tally)
    trained: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Status of the last training of each catalogue that ended well."""

    def add(self, resource: Manifest) -> None:
        status = resource.get("status") or {}
        self.states[resource["kind"], status.get("phase") or str(Phase.PENDING)] += 1
        if resource["kind"] == Kind.TRACK_BATCH:
            self.tracks.update(status.get("tracks") or {})
            self.reasons.update(status.get("rejectedByReason") or {})
        elif _verdict(resource).get("status") == "True" and status.get("completionTime"):
            catalogue = resource["spec"]["catalogue"]
            last = self.trained.get(catalogue)
            if last is None or str(last["completionTime"]) <= str(status["completionTime"]):
                self.trained[catalogue] = status


def _show_states(family: GaugeMetricFamily, totals: _Totals) -> None:
    for kind in RESOURCE_KINDS:
        for phase in Phase:
            family.add_metric([kind, phase], totals.states[str(kind), str(phase)])


def _show_tracks(families: Mapping[str, GaugeMetricFamily], totals: _Totals) -> None:
    for state in TRACK_STATES:
        families["tracks"].add_metric([state], totals.tracks[state])
    for reason, count in sorted(totals.reasons.items()):
        families["rejected"].add_metric([reason], count)


def _show_training(families: Mapping[str, GaugeMetricFamily], totals: _Totals) -> None:
    for catalogue, status in sorted(totals.trained.items()):
        ended = datetime.fromisoformat(status["completionTime"]).timestamp()
        families["training_time"].add_metric([catalogue], ended)
        families["training_promoted"].add_metric([catalogue], bool((status.get("decision") or {}).get("promoted")))
        model = status.get("model") or {}
        families["training_clusters"].add_metric([catalogue], model.get("k", 0))
        families["training_tracks"].add_metric([catalogue, "trained"], model.get("tracks", 0))
        families["training_tracks"].add_metric([catalogue, "excluded"], model.get("excluded", 0))
        for name, value in sorted((model.get("metrics") or {}).items()):
            number = _number(value)
            if number is not None:
                families["training_metric"].add_metric([catalogue, name], number)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
