"""Metrics of the operator: what a scrape shows of the resources that exist."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry

from segue_operator.api.objects import Kind, Manifest
from segue_operator.kube.metrics import KubeMetrics, ResourceCollector
from support.manifests import track_batch, training_run


def with_status(resource: Manifest, verdict: str, **status: Any) -> Manifest:
    condition = {"type": "Succeeded", "status": verdict, "reason": "Completed" if verdict == "True" else "Extracting"}
    return resource | {"status": {"conditions": [condition], **status}}


def collected(*resources: Manifest) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ResourceCollector(lambda: resources, lambda: {Kind.JOB: 3.0}))
    return registry


def test_resources_are_counted_by_phase_and_a_new_one_is_pending() -> None:
    registry = collected(track_batch("a"), with_status(track_batch("b"), "True", phase="Succeeded"))
    states = {
        state: registry.get_sample_value("segue_operator_resources", {"kind": "TrackBatch", "state": state})
        for state in ("Pending", "Succeeded", "Failed")
    }
    assert states == {"Pending": 1, "Succeeded": 1, "Failed": 0}
    assert registry.get_sample_value("segue_operator_resources", {"kind": "TrainingRun", "state": "Pending"}) == 0


def test_tracks_are_summed_over_batches() -> None:
    one = with_status(
        track_batch("a"), "True", tracks={"listed": 10, "stored": 8, "rejected": 2}, rejectedByReason={"Silent": 2}
    )
    two = with_status(track_batch("b"), "Unknown", tracks={"listed": 5}, rejectedByReason={"Silent": 1, "NoAudio": 4})
    registry = collected(one, two)
    assert registry.get_sample_value("segue_operator_tracks", {"state": "listed"}) == 15
    assert registry.get_sample_value("segue_operator_tracks", {"state": "stored"}) == 8
    assert registry.get_sample_value("segue_operator_rejected_tracks", {"reason": "Silent"}) == 3


def test_only_the_last_successful_training_of_a_catalogue_is_shown() -> None:
    model = {"version": "1", "k": 8, "tracks": 90, "excluded": 10, "metrics": {"precision": "0.5", "odd": "n/a"}}
    old = with_status(training_run("a"), "True", completionTime="2026-01-01T00:00:00Z", model=model | {"k": 4})
    new = with_status(
        training_run("b"), "True", completionTime="2026-01-02T00:00:00Z", model=model, decision={"promoted": True}
    )
    running = with_status(training_run("c"), "Unknown")
    registry = collected(new, old, running)
    assert registry.get_sample_value("segue_operator_training_clusters", {"catalogue": "music"}) == 8
    assert registry.get_sample_value("segue_operator_training_promoted", {"catalogue": "music"}) == 1
    assert (
        registry.get_sample_value("segue_operator_training_tracks", {"catalogue": "music", "state": "excluded"}) == 10
    )
    measure = {"catalogue": "music", "metric": "precision"}
    assert registry.get_sample_value("segue_operator_training_metric", measure) == 0.5
    assert registry.get_sample_value("segue_operator_training_metric", measure | {"metric": "odd"}) is None


def test_series_end_with_their_objects() -> None:
    resources = [with_status(training_run("a"), "True", completionTime="2026-01-01T00:00:00Z")]
    registry = CollectorRegistry()
    registry.register(ResourceCollector(lambda: resources, dict))
    name, labels = "segue_operator_training_last_success_timestamp_seconds", {"catalogue": "music"}
    assert registry.get_sample_value(name, labels) is not None
    resources.clear()
    assert registry.get_sample_value(name, labels) is None


def test_an_end_is_counted_with_its_reason_and_time() -> None:
    registry = CollectorRegistry()
    KubeMetrics(registry).finished(
        with_status(track_batch(), "True", startTime="2026-01-01T00:00:00Z", completionTime="2026-01-01T00:00:20Z")
    )
    labels = {"kind": "TrackBatch", "outcome": "succeeded"}
    assert registry.get_sample_value("segue_operator_run_duration_seconds_sum", labels) == 20
    assert (
        registry.get_sample_value("segue_operator_finished_total", {"kind": "TrackBatch", "reason": "Completed"}) == 1
    )
