"""What people see while resources are at work, and at their end."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segue.cluster.local_cluster import LocalCluster
from segue.render.pod_metrics import BatchProgress, SinkProgress, parse
from segue.render.progress import View, Watcher
from segue_core.contract import ExtractSummary
from segue_operator.children.sink_deployment import SINK_PODS
from segue_operator.kinds.objects import Kind, Manifest
from support.local_state import condition, ended, key, pod
from support.manifests import put, track_batch, training_run

SONGS, WEEKLY = key(Kind.TRACK_BATCH, "songs"), key(Kind.TRAINING_RUN, "weekly")


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[LocalCluster]:
    async with LocalCluster(tmp_path, processes=False) as found:
        yield found


async def put_pod(cluster: LocalCluster, manifest: Manifest) -> None:
    await cluster.create({name: value for name, value in manifest.items() if name != "status"})
    await cluster.apply_status(key(Kind.POD, manifest["metadata"]["name"]), manifest["status"])


async def test_finished_shards_count_by_their_summary(cluster: LocalCluster) -> None:
    await cluster.create(put(track_batch("songs"), "spec.extraction", {"shards": 2, "parallelism": 2}))
    watcher = Watcher(cluster, (SONGS,))
    assert (await watcher.look())[0].batch is None
    labels = {"segue.dev/trackbatch": "songs", "segue.dev/component": "extract"}
    index = "batch.kubernetes.io/job-completion-index"
    for shard, listed in ((0, 10), (1, 6)):
        message = ExtractSummary(shard=shard, listed=listed, extracted=listed - 1, rejected=1).encode()
        await put_pod(cluster, pod(f"songs-extract-{shard}", labels=labels, message=message, **{index: str(shard)}))
        view = (await watcher.look())[0]
        assert view.batch == (BatchProgress(20, 10, 1, 0) if shard == 0 else BatchProgress(16, 16, 2, 0))


async def test_all_sinks_count_together(cluster: LocalCluster) -> None:
    await cluster.create(track_batch("songs"))
    watcher = Watcher(cluster, (SONGS,))
    for name, stored in (("a", 40), ("b", 2), ("a", 41)):
        samples = parse(f'segue_sink_records_total{{topic="tracks",outcome="stored"}} {stored}\n')
        watcher._remember(pod(f"segue-sink-{name}", labels=SINK_PODS), samples)
    assert (await watcher.look())[0].sink == SinkProgress(stored=43, waiting=0)


async def test_what_a_restarted_sink_had_stored_still_counts(cluster: LocalCluster) -> None:
    await cluster.create(track_batch("songs"))
    watcher = Watcher(cluster, (SONGS,))
    counted = []
    for stored in (40, 0, 5, 2):
        samples = parse(f'segue_sink_records_total{{topic="tracks",outcome="stored"}} {stored}\n')
        watcher._remember(pod("segue-sink-a", labels=SINK_PODS), samples)
        sink = (await watcher.look())[0].sink
        counted.append(sink.stored if sink is not None else None)
    assert counted == [40, 40, 45, 47]


async def test_what_was_stored_for_earlier_batches_does_not_count(cluster: LocalCluster) -> None:
    await cluster.create(track_batch("songs"))
    watcher = Watcher(cluster, (SONGS,))
    labels = {"segue.dev/trackbatch": "songs", "segue.dev/component": "extract"}
    counted = []
    for stored in (100, 130):
        samples = parse(f'segue_sink_records_total{{topic="tracks",outcome="stored"}} {stored}\n')
        watcher._remember(pod("segue-sink-a", labels=SINK_PODS), samples)
        sink = (await watcher.look())[0].sink
        counted.append(sink.stored if sink is not None else None)
        message = ExtractSummary(shard=0, listed=50, extracted=40).encode()
        watcher._remember(pod("songs-extract-0", labels=labels, message=message), {})
    assert counted == [100, 30]


async def test_a_verdict_ends_the_watching(cluster: LocalCluster) -> None:
    await cluster.create(track_batch("songs"))
    watcher = Watcher(cluster, (SONGS, WEEKLY))
    first, gone = await watcher.look()
    assert not first.finished
    assert gone.finished
    assert not gone.succeeded
    await cluster.apply_status(SONGS, ended(track_batch(), reason="Completed", message="all 3 tracks")["status"])
    view = (await watcher.look())[0]
    assert view.finished
    assert view.succeeded
    assert view.note == "all 3 tracks"


async def hindered(cluster: LocalCluster, reason: str, message: str, *more: Manifest) -> View:
    """The view of a batch whose Succeeded condition is Unknown for this reason."""
    await cluster.create(track_batch("songs"))
    conditions = [condition("Succeeded", "Unknown", reason, message), *more]
    await cluster.apply_status(SONGS, {"phase": reason, "conditions": conditions})
    return (await Watcher(cluster, (SONGS,)).look())[0]


async def test_what_hinders_wins_over_the_step(cluster: LocalCluster) -> None:
    view = await hindered(cluster, "Verifying", "pod v does not start: X: no; gone; waits until every track is stored")
    assert view.hindrance == "pod v does not start: X: no; gone"
    assert view.since is None
    counted = dataclasses.replace(view, batch=BatchProgress(100, 100, 3, 0), sink=SinkProgress(90, 7))
    assert counted.note == "pod v does not start: X: no; gone (90 stored, 7 waiting for the sink, 3 rejected)"


async def test_a_step_does_not_count_as_a_hindrance(cluster: LocalCluster) -> None:
    view = await hindered(cluster, "Extracting", "0 of 1 shards are done", condition("Stalled", "False", "NotStalled"))
    assert (view.hindrance, view.since, view.note) == ("", None, "0 of 1 shards are done")


@pytest.mark.parametrize("status", ["Unknown", "True"])
async def test_a_stall_shows_its_own_message_and_since_when(cluster: LocalCluster, status: str) -> None:
    stall = condition("Stalled", status, "PodWaiting", "waiting for pod v to start since …: X; put that right")
    view = await hindered(cluster, "Verifying", "pod v does not start: X; waits", stall)
    assert view.hindrance == "waiting for pod v to start since …: X; put that right"
    assert view.since == datetime(2026, 1, 1, 10, 1, 5, tzinfo=UTC)


async def test_a_retry_shows_the_error_and_not_the_step_of_the_attempt_before(cluster: LocalCluster) -> None:
    await cluster.create(training_run("weekly"))
    watcher = Watcher(cluster, (WEEKLY,))
    labels = {"segue.dev/trainingrun": "weekly", "segue.dev/component": "train", "segue.dev/attempt": "1"}
    watcher._remember(
        pod("weekly-train-1-driver", labels=labels),
        parse('segue_train_phase{phase="fit"} 1\nsegue_train_phase_seconds 1\n'),
    )

    async def look(phase: str, message: str, attempts: int) -> View:
        conditions = [condition("Succeeded", "Unknown", phase, message)]
        tries = [{"number": number + 1, "application": "a", "state": phase} for number in range(attempts)]
        await cluster.apply_status(WEEKLY, {"phase": phase, "conditions": conditions, "attempts": tries})
        return (await watcher.look())[0]

    assert (await look("Running", "attempt 1 is running", 1)).note == "clustering"
    error = "attempt 2 follows a failed attempt: MongoDB does not answer"
    assert (await look("Retrying", error, 2)).note == error
    assert (await look("Running", "attempt 2 is running", 2)).note == "attempt 2 is running"
    blocked = await look("Running", "pod d does not start: X: no; attempt 1 is running", 1)
    assert blocked.note == "pod d does not start: X: no (clustering)"


@pytest.mark.parametrize(
    ("phase", "reason", "stuck"),
    [("Blocked", "NameConflict", True), ("Pending", "BatchNotFound", True), ("Extracting", "Extracting", False)],
)
def test_what_only_people_can_change_counts_as_stuck(phase: str, reason: str, stuck: bool) -> None:
    assert View(SONGS, phase, reason, "", finished=False, succeeded=False).is_stuck is stuck


async def test_counts_add_up_when_the_sink_writes_more_than_was_extracted(cluster: LocalCluster) -> None:
    """After an interruption it also writes what the last attempt has sent, and what changed of known tracks."""
    view = await hindered(cluster, "Extracting", "0 of 1 shards are done")
    counted = dataclasses.replace(view, batch=BatchProgress(60, 33, 2, 6), sink=SinkProgress(57, 0))
    assert counted.step == "25 stored, 6 already known, 2 rejected"
