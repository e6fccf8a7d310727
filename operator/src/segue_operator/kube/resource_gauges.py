"""Gauges over the resources that exist, read from the mirror at each scrape: a series ends with its object."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from segue_core.contract.times import parse_timestamp
from segue_operator.children.config import ACTIVE_BATCHES
from segue_operator.kinds.conditions import true_condition
from segue_operator.kinds.constants import STALLED, SUCCEEDED, Phase, TrainingRunCondition
from segue_operator.kinds.objects import OWN_KINDS, Key, Kind, Manifest
from segue_operator.reconcile.batch_queue import Turn, holds_place, turn, waits_for_place
from segue_operator.reconcile.freshness import Training, training_of

TRACK_STATES = ("listed", "extracted", "skipped", "rejected", "stored", "added", "removed", "moved", "changed")


class ResourceCollector(Collector):
    """Gauges over the resources that exist, computed at each scrape.

    Parameters
    ----------
    resources
        All TrackBatches and TrainingRuns that are known now.
    watch_ages
        Seconds since each kind's objects were last known to be current.
    are_known
        Whether the resources have been listed. Until then nothing is reported: a 0 would be wrong, and alerts would see
        every resource as new after each start.
    active_batches
        How many batches may work at the same time.
    """

    def __init__(
        self,
        resources: Callable[[], Iterable[Manifest]],
        watch_ages: Callable[[], Mapping[Kind, float]],
        are_known: Callable[[], bool] = lambda: True,
        *,
        active_batches: int = ACTIVE_BATCHES,
    ) -> None:
        self._active_batches = active_batches
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
        for labels in totals.stalled:
            families["stalled"].add_metric(labels, 1)
        _show_queue(families, totals, self._active_batches)
        _show_tracks(families, totals)
        _show_training(families, totals)


def _families() -> dict[str, GaugeMetricFamily]:
    def family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"segue_operator_{name}", text, labels=labels)

    return {
        "resources": family("resources", "Resources by kind and phase.", "kind", "state"),
        "stalled": family(
            "resource_stalled",
            "1 for each resource whose condition Stalled is True.",
            "kind",
            "resource_namespace",  # with a PodMonitor, "namespace" is the operator's own
            "name",
            "reason",
        ),
        "active": family("batches_active", "TrackBatches that hold one of the places for work."),
        "places": family("batches_active_limit", "How many TrackBatches may work at the same time."),
        "position": family(
            "batch_queue_position", "Position of each queued TrackBatch; 1 starts next.", "resource_namespace", "name"
        ),
        "tracks": family("tracks", "Tracks of the batches that exist, by state.", "state"),
        "rejected": family("rejected_tracks", "Rejected tracks of the batches that exist.", "reason"),
        "watch_age": family("watch_age_seconds", "Time since the objects were last known to be current.", "kind"),
        "training_time": family(
            "training_last_success_timestamp_seconds", "When a catalogue's last successful training ended.", "catalogue"
        ),
        "training_tracks": family("training_tracks", "Tracks of the last training.", "catalogue", "state"),
        "training_clusters": family("training_clusters", "Clusters of the last training.", "catalogue"),
        "training_metric": family("training_metric", "Measures of the last training.", "catalogue", "metric"),
        "training_promoted": family(
            "training_promoted", "Whether the last training's model became the active one.", "catalogue"
        ),
        "active_worse": family(
            "active_model_worse",
            "1 if the active model's lists are worse than when it was trained, as the last training found.",
            "catalogue",
        ),
        "retrain": family(
            "retrain_recommended", "1 if so many tracks have changed that the catalogue should be trained.", "catalogue"
        ),
        "changed": family(
            "changed_tracks", "Tracks that came, went or changed since the catalogue was last trained.", "catalogue"
        ),
        "failed_rounds": family(
            "training_failed_rounds", "Rounds of spec.retrain that failed since one succeeded.", "catalogue"
        ),
    }


@dataclass
class _Totals:
    """Sums over the resources, which are read one by one."""

    states: Tally[tuple[str, str]] = field(default_factory=Tally)
    """By kind and phase."""
    tracks: Tally[str] = field(default_factory=Tally)
    reasons: Tally[str] = field(default_factory=Tally)
    stalled: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Kind, namespace, name and reason of each."""
    active: int = 0
    """Batches that hold a place."""
    queue: list[Turn] = field(default_factory=list)
    trained: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Status of the last successful training of each catalogue; its completion time is that of the training."""
    freshest: dict[str, tuple[Training, Mapping[str, Any]]] = field(default_factory=dict)
    """The last successful training of each catalogue, which may be training again, and the status of its run."""

    def add(self, resource: Manifest) -> None:
        status = resource.get("status") or {}
        self.states[resource["kind"], status.get("phase") or str(Phase.PENDING)] += 1
        stall = true_condition(resource, STALLED)
        if stall is not None:
            key = Key.of(resource)
            self.stalled.append((key.kind, key.namespace, key.name, str(stall.get("reason"))))
        if resource["kind"] == Kind.TRACK_BATCH:
            self.active += holds_place(resource)
            if waits_for_place(resource):
                self.queue.append(turn(resource))
            self.tracks.update(status.get("tracks") or {})
            self.reasons.update(status.get("rejectedByReason") or {})
            return
        catalogue, training = resource["spec"]["catalogue"], training_of(resource)
        if training is not None:
            known = self.freshest.get(catalogue)
            if known is None or known[0] <= training:
                self.freshest[catalogue] = (training, status)
        ended = _last_success(resource)
        if ended:
            last = self.trained.get(catalogue)
            if last is None or str(last["completionTime"]) <= ended:
                self.trained[catalogue] = {**status, "completionTime": ended}


def _last_success(run: Manifest) -> str:
    """When a run last trained; empty if it has not. A round that runs or has failed hides no earlier one."""
    status = run.get("status") or {}
    if true_condition(run, SUCCEEDED):
        return str(status.get("completionTime") or "")
    retrain = status.get("retrain") or {}
    previous = retrain.get("previousRound") or {}
    return str((previous.get("completionTime") if previous.get("succeeded") else retrain.get("trainedSince")) or "")


def _show_states(family: GaugeMetricFamily, totals: _Totals) -> None:
    for kind in OWN_KINDS:
        for phase in Phase:
            family.add_metric([kind, phase], totals.states[str(kind), str(phase)])


def _show_queue(families: Mapping[str, GaugeMetricFamily], totals: _Totals, limit: int) -> None:
    families["places"].add_metric([], limit)
    families["active"].add_metric([], totals.active)
    for position, (_, namespace, name) in enumerate(sorted(totals.queue), start=1):
        families["position"].add_metric([namespace, name], position)


def _show_tracks(families: Mapping[str, GaugeMetricFamily], totals: _Totals) -> None:
    for state in TRACK_STATES:
        families["tracks"].add_metric([state], totals.tracks[state])
    for reason, count in sorted(totals.reasons.items()):
        families["rejected"].add_metric([reason], count)


def _show_training(families: Mapping[str, GaugeMetricFamily], totals: _Totals) -> None:
    for catalogue, status in sorted(totals.trained.items()):
        ended = parse_timestamp(status["completionTime"]).timestamp()
        families["training_time"].add_metric([catalogue], ended)
        families["training_promoted"].add_metric([catalogue], bool((status.get("decision") or {}).get("promoted")))
        worse = true_condition({"status": status}, TrainingRunCondition.ACTIVE_MODEL_WORSE)
        families["active_worse"].add_metric([catalogue], worse is not None)
        model = status.get("model") or {}
        families["training_clusters"].add_metric([catalogue], model.get("k", 0))
        families["training_tracks"].add_metric([catalogue, "trained"], model.get("tracks", 0))
        families["training_tracks"].add_metric([catalogue, "excluded"], model.get("excluded", 0))
        for name, value in sorted((model.get("metrics") or {}).items()):
            number = _number(value)
            if number is not None:
                families["training_metric"].add_metric([catalogue, name], number)
    for catalogue, (_, status) in sorted(totals.freshest.items()):
        recommended = true_condition({"status": status}, TrainingRunCondition.RETRAIN_RECOMMENDED)
        retrain = status.get("retrain") or {}
        families["retrain"].add_metric([catalogue], recommended is not None)
        families["changed"].add_metric([catalogue], retrain.get("changedTracks", 0))
        families["failed_rounds"].add_metric([catalogue], retrain.get("failures", 0))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
