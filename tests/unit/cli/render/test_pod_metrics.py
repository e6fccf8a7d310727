"""Progress from what pods expose."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from segue.render.pod_metrics import BatchProgress, ShardProgress, SinkProgress, TrainProgress, parse, scrape
from segue_core.contract import ExtractSummary, Reason, Topic
from segue_jobs.extract.shard_metrics import ExtractMetrics
from segue_jobs.sink.sink_metrics import SinkMetrics
from segue_jobs.sink.write import RecordOutcome


def exposed(registry: CollectorRegistry) -> str:
    return generate_latest(registry).decode()


def test_a_shard_reports_its_progress() -> None:
    registry = CollectorRegistry()
    metrics = ExtractMetrics(registry)
    metrics.listed.set(7)
    metrics.extracted(0.3, 100)
    metrics.skipped()
    metrics.skipped()
    metrics.reject(Reason.TOO_SHORT)
    shard = ShardProgress.of_samples(parse(exposed(registry)))
    assert shard == ShardProgress(listed=7, extracted=1, skipped=2, rejected=1)
    assert shard.done == 4


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 3196\r\n\r\nsegue_", b"no HTTP\r\n\r\n"])
def test_a_pod_that_ends_while_it_answers_says_nothing(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_once() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        pod = threading.Thread(target=answer_once)
        pod.start()
        assert scrape(server.getsockname()[1]) == {}
        pod.join()


def test_a_finished_shard_is_read_from_its_summary() -> None:
    summary = ExtractSummary(listed=5, extracted=3, skipped=1, rejected=1)
    assert ShardProgress.of_summary(summary) == ShardProgress(5, 3, 1, 1)


def test_the_sink_tells_what_it_stored_and_what_waits() -> None:
    registry = CollectorRegistry()
    metrics = SinkMetrics(registry)
    metrics.count(Topic.TRACKS, RecordOutcome.STORED, 40)
    metrics.count(Topic.REJECTED, RecordOutcome.STORED, 3)
    metrics.count(Topic.TRACKS, RecordOutcome.REPEATED, 2)
    metrics.show_lag({Topic.TRACKS: 5, Topic.REJECTED: 1})
    assert SinkProgress.of_samples(parse(exposed(registry))) == SinkProgress(stored=40, waiting=6)


def test_a_training_run_reports_its_step() -> None:
    registry = CollectorRegistry()
    phase, seconds = (
        Gauge(name, "x", ["phase"], registry=registry) for name in ("segue_train_phase", "segue_train_phase_seconds")
    )
    for name in ("load", "fit", "promote"):
        phase.labels(name).set(name == "fit")
    assert TrainProgress.of_samples(parse(exposed(registry))) == TrainProgress("fit", 0, 3)
    seconds.labels("load").set(1.5)
    assert TrainProgress.of_samples(parse(exposed(registry))) == TrainProgress("fit", 1, 3)
    phase.labels("fit").set(0)
    assert TrainProgress.of_samples(parse(exposed(registry))) is None


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    parse(text)


def test_a_pod_that_does_not_answer_tells_nothing() -> None:
    assert scrape(1) == {}
    assert ShardProgress.of_samples({}) is None
    assert SinkProgress.of_samples({}) is None
    assert SinkProgress.of_sinks([]) is None


shards = st.builds(ShardProgress, *(st.integers(0, 1000) for _ in range(4)))


@given(st.lists(shards, min_size=1, max_size=8), st.integers(0, 8))
def test_shards_that_have_not_started_are_estimated(begun: list[ShardProgress], missing: int) -> None:
    progress = BatchProgress.of_shards(begun, len(begun) + missing)
    assert progress is not None
    assert progress.done == sum(shard.done for shard in begun)
    listed = sum(shard.listed for shard in begun)
    assert progress.listed == listed if not missing else progress.listed >= listed


def test_before_the_first_shard_nothing_is_known() -> None:
    assert BatchProgress.of_shards([], 4) is None
