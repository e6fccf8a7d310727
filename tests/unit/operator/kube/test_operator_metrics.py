"""Metrics of the operator: what a scrape shows of the resources that exist."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from segue_operator.kinds.objects import Kind, Manifest
from segue_operator.kube.operator_metrics import KubeMetrics
from segue_operator.kube.resource_gauges import ResourceCollector
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


def test_each_stalled_resource_is_a_series_that_ends_with_the_stall() -> None:
    def with_stall(status: str) -> Manifest:
        stall = {"type": "Stalled", "status": status, "reason": "PodWaiting", "message": "m"}
        return track_batch("a") | {"status": {"conditions": [stall]}}

    labels = {"kind": "TrackBatch", "resource_namespace": "default", "name": "a", "reason": "PodWaiting"}
    for status, value in (("True", 1), ("Unknown", None), ("False", None)):
        sample = collected(with_stall(status)).get_sample_value("segue_operator_resource_stalled", labels)
        assert sample == value


def test_places_and_positions_of_batches() -> None:
    def batch(name: str, second: int, **condition: str) -> Manifest:
        made = track_batch(name) | {"status": {"conditions": [{"type": "Queued", **condition}]}}
        made["metadata"]["creationTimestamp"] = f"2026-01-01T00:00:{second:02d}Z"
        return made

    waiting = {"status": "True", "reason": "Queued"}
    registry = collected(
        batch("late", 9, **waiting), batch("early", 1, **waiting), batch("on", 5, status="False", reason="Admitted")
    )
    assert registry.get_sample_value("segue_operator_batches_active") == 1
    assert registry.get_sample_value("segue_operator_batches_active_limit") == 4
    positions = {
        name: registry.get_sample_value(
            "segue_operator_batch_queue_position", {"resource_namespace": "default", "name": name}
        )
        for name in ("early", "late", "on")
    }
    assert positions == {"early": 1, "late": 2, "on": None}


def test_tracks_are_summed_over_batches() -> None:
    one = with_status(
        track_batch("a"), "True", tracks={"listed": 10, "stored": 8, "rejected": 2}, rejectedByReason={"Silent": 2}
    )
    two = with_status(track_batch("b"), "Unknown", tracks={"listed": 5}, rejectedByReason={"Silent": 1, "NoAudio": 4})
    registry = collected(one, two)
    assert registry.get_sample_value("segue_operator_tracks", {"state": "listed"}) == 15
    assert registry.get_sample_value("segue_operator_tracks", {"state": "stored"}) == 8
    assert registry.get_sample_value("segue_operator_rejected_tracks", {"reason": "Silent"}) == 3


def test_what_has_changed_since_the_last_training_is_shown_while_it_trains_again() -> None:
    conditions = [
        {"type": "Succeeded", "status": "Unknown", "reason": "Running"},
        {"type": "RetrainRecommended", "status": "True", "reason": "TracksChanged"},
    ]
    retrain = {"round": 3, "failures": 1, "trainedSince": "2026-01-02T00:00:00Z", "changedTracks": 12}
    status = {"conditions": conditions, "retrain": retrain, "model": {"version": "music:3", "tracks": 90}}
    older = with_status(
        training_run("older"), "True", startTime="2026-01-01T00:00:00Z", model={"version": "music:2", "tracks": 80}
    )
    registry = collected(training_run("weekly") | {"status": status}, older)
    names = ("retrain_recommended", "changed_tracks", "training_failed_rounds")
    shown = [registry.get_sample_value(f"segue_operator_{name}", {"catalogue": "music"}) for name in names]
    assert shown == [1, 12, 1]
    trained = {"catalogue": "music", "state": "trained"}
    assert registry.get_sample_value("segue_operator_training_tracks", trained) == 90


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


@pytest.mark.parametrize(("status", "value"), [("True", 1), ("False", 0)])
def test_an_active_model_that_has_become_worse_is_shown(status: str, value: int) -> None:
    condition = {"type": "ActiveModelWorse", "status": status, "reason": "ListsWorse"}
    run = with_status(training_run("a"), "True", completionTime="2026-01-01T00:00:00Z")
    run["status"]["conditions"].append(condition)
    assert collected(run).get_sample_value("segue_operator_active_model_worse", {"catalogue": "music"}) == value


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
