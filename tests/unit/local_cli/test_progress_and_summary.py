"""What people see while resources are at work, and at their end."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from segue_jobs.contract import ExtractSummary
from segue_operator.api.objects import Kind, Manifest
from segue_operator.local.cluster import LocalCluster
from segue_operator.local.metrics import BatchProgress, SinkProgress, TrainProgress, parse
from segue_operator.local.progress import Bars, Lines, View, Watcher, display
from segue_operator.local.rejections import Rejection
from segue_operator.local.summary import Summary, failures
from support.local_state import ended, key, pod
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


async def test_the_sinks_of_a_batch_count_together(cluster: LocalCluster) -> None:
    await cluster.create(track_batch("songs"))
    watcher = Watcher(cluster, (SONGS,))
    labels = {"segue.dev/trackbatch": "songs", "segue.dev/component": "sink"}
    for name, stored in (("a", 40), ("b", 2), ("a", 41)):
        samples = parse(f'segue_sink_records_total{{topic="tracks",outcome="stored"}} {stored}\n')
        watcher._remember(pod(f"songs-sink-{name}", labels=labels), samples)
    assert (await watcher.look())[0].sink == SinkProgress(stored=43, waiting=0)


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


def views(done: int, *, finished: bool = False) -> list[View]:
    return [
        View(
            SONGS, "Succeeded" if finished else "Extracting", "Completed", "stored\x1b[2J", finished=finished,
            succeeded=finished, batch=BatchProgress(100, done, 3, 2), sink=SinkProgress(done - 5, 5),
        ),
        View(
            WEEKLY, "Running", "Running", "", finished=False, succeeded=False,
            train=TrainProgress("choose", 6, 10),
        ),
    ]  # fmt: skip


def test_lines_are_written_at_changes_only() -> None:
    output = io.StringIO()
    console = Console(file=output, width=200)
    with display(console) as shown:
        assert isinstance(shown, Lines)
        for done in (10, 11, 12):
            shown.show(views(done))
        shown.show(views(100, finished=True))
    lines = output.getvalue().splitlines()
    assert lines == [
        "trackbatch/songs: Extracting: 10 of 100 tracks, 5 stored, 2 known already, 3 rejected",
        "trainingrun/weekly: Running: choosing the number of clusters",
        "trackbatch/songs: Succeeded: stored\\x1b[2J",
    ]


def test_bars_show_amount_and_step() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=160, markup=False, highlight=False, color_system=None)
    with display(console) as shown:
        assert isinstance(shown, Bars)
        shown.show(views(10))
        shown.show(views(20))
    text = output.getvalue()
    assert "20/100" in text
    assert "choosing the number of clusters" in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize(
    ("phase", "reason", "stuck"),
    [("Blocked", "NameConflict", True), ("Pending", "BatchNotFound", True), ("Extracting", "Extracting", False)],
)
def test_what_only_people_can_change_is_known(phase: str, reason: str, stuck: bool) -> None:
    assert View(SONGS, phase, reason, "", finished=False, succeeded=False).is_stuck is stuck


def shown(resources: list[Manifest], **given: object) -> str:
    output = io.StringIO()
    rejections = [Rejection("x", "songs", "decode", "DecodeError", "a/b\x1b.mp3", "no MPEG frame\nin it")]
    Summary(Console(file=output, width=400, markup=False), rejections, **{"compared": {}, **given}).show(resources)
    return output.getvalue()


def test_a_batch_ends_in_a_table_with_an_example_of_each_reason() -> None:
    counts = {"listed": 1200, "extracted": 1000, "skipped": 0, "rejected": 200, "stored": 1000}
    batch = ended(
        track_batch("songs"), reason="PartiallyCompleted", message="m", tracks=counts,
        rejectedByReason={"DecodeError": 150, "TooShort": 50},
    )  # fmt: skip
    lines = [line.split() for line in shown([batch]).splitlines() if line.strip()]
    assert lines[1] == ["songs", "1,200", "1,000", "0", "200", "1,000", "1", "min", "05", "s"]
    assert lines[3] == ["DecodeError", "150", "a/b\\x1b.mp3", "no", "MPEG", "frame"]
    assert lines[4] == ["TooShort", "50", "-", "-"]


def test_a_run_ends_in_its_model_beside_the_one_before() -> None:
    model = {"version": "music:2", "k": 8, "tracks": 1000, "excluded": 1, "metrics": {"stability": "0.81"}}
    run = ended(
        training_run("weekly"), reason="Completed", message="m", model=model,
        decision={"promoted": True, "reason": "not worse than model 1"},
    )  # fmt: skip
    text = shown([run], compared={"music:2": ("music:1", {"stability": 0.5})})
    assert "model music:2: 1,000 tracks in 8 clusters, 1 left out, trained in 1 min 05 s" in text
    assert "active now: not worse than model 1" in text
    assert "MUSIC:1" in text
    assert text.splitlines()[-1].split()[-2:] == ["0.81", "0.50"]


def test_failures_are_sentences() -> None:
    run = ended(training_run("weekly"), reason="TrainingFailed", message="no tracks", failed=True)
    batch = ended(track_batch("songs"), reason="Completed", message="m")
    assert list(failures([batch, run])) == ["trainingrun/weekly failed: TrainingFailed: no tracks"]
