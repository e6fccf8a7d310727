"""What an apply will change, what it refuses, and what it says of finished resources."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from segue.__main__ import main
from segue.commands.bring_to_end import Request, bring_to_end
from segue.commands.changes import Change, all_done, change_of, check_stored, trains_by_itself
from segue.commands.child_setup import child_config
from segue.errors import CommandError
from segue.render.display import display
from segue.render.progress import View
from segue.servers.session import Endpoints
from segue_operator.controller.cluster import InvalidError
from segue_operator.kinds.manifests import ManifestError, with_defaults
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.local_state import ended, write_state
from support.manifests import put, track_batch, training_run

NOW = datetime(2026, 1, 1, 13, tzinfo=UTC)
ENDPOINTS = Endpoints("127.0.0.1:1", "mongodb://user:secret@127.0.0.1:2/")


def test_a_manifest_without_an_object_is_created() -> None:
    assert change_of(None, track_batch()) is Change.CREATED


def test_spelling_out_a_default_changes_nothing() -> None:
    assert change_of(with_defaults(track_batch()), track_batch()) is Change.UNCHANGED
    assert change_of(track_batch(), with_defaults(track_batch())) is Change.UNCHANGED


def test_what_may_change_is_configured() -> None:
    assert change_of(track_batch(), put(track_batch(), "spec.suspend", value=True)) is Change.CONFIGURED


def test_what_may_not_change_is_refused() -> None:
    changed = put(track_batch(), "spec.catalogue", "other")
    with pytest.raises(ManifestError, match=r"spec.catalogue"):
        change_of(track_batch(), changed)
    with pytest.raises(InvalidError, match=r"spec.catalogue"):
        check_stored(changed, with_defaults(track_batch()))


def test_what_is_stored_has_its_defaults() -> None:
    assert check_stored(track_batch(), None)["spec"]["extraction"]["shards"] == 1


@given(st.sampled_from([None, "running", "done", "failed"]), st.booleans())
def test_nothing_is_to_do_only_when_all_is_unchanged_and_final(ending: str | None, changed: bool) -> None:
    batch, run = track_batch(), training_run()
    verdict = {"done": False, "failed": True}
    stored = {
        None: None,
        "running": batch,
        **{word: ended(batch, reason="R", message="m", failed=failed) for word, failed in verdict.items()},
    }[ending]
    existing = {Key.of(run): ended(run, reason="Completed", message="m")} | ({Key.of(batch): stored} if stored else {})
    wanted = put(batch, "spec.suspend", value=True) if changed else batch
    assert all_done([wanted, run], existing, NOW) == (ending in verdict and not changed)


def trained(**spec: Any) -> Manifest:
    """A run that has trained on ten tracks at the start of 2026."""
    run = ended(training_run(**spec), reason="Completed", message="m")
    run["status"] |= {"startTime": "2026-01-01T00:00:00Z", "model": {"version": "music:1", "tracks": 10}}
    return run


@pytest.mark.parametrize(
    ("retrain", "added", "done"),
    [({}, 1, False), ({"afterChangedPercent": 20}, 1, True), ({}, 0, True), (None, 9, True),
     ({"schedule": "0 3 * * *"}, 9, True)],
)  # fmt: skip
def test_a_run_that_would_train_again_is_not_done(retrain: Manifest | None, added: int, done: bool) -> None:
    run, songs = training_run(**({} if retrain is None else {"retrain": retrain})), track_batch()
    batch = ended(songs, reason="Completed", message="m")
    batch["status"] |= {"completionTime": "2026-01-01T12:00:00Z", "tracks": {"added": added}}
    existing = {Key.of(one): one for one in (trained(**run["spec"]), batch)}
    assert all_done([songs, run], existing, NOW) is done


def test_again_leaves_a_run_that_trains_by_itself_to_its_own_rules() -> None:
    fresh = training_run(retrain={})
    assert trains_by_itself(fresh, trained(retrain={}))
    assert trains_by_itself(fresh, trained())
    assert not trains_by_itself(training_run(), trained(retrain={}))
    assert not trains_by_itself(fresh, None)
    assert not trains_by_itself(fresh, ended(fresh, reason="TrainingFailed", message="m", failed=True))
    assert not trains_by_itself(training_run(retrain={}, families=["timbre"]), trained(retrain={}))
    assert not trains_by_itself(track_batch(), track_batch())


def test_children_get_secrets_by_reference() -> None:
    config = child_config(ENDPOINTS, {"KAFKA_BOOTSTRAP": "elsewhere:9092", "SEGUE_DATABASE": "other"})
    assert config.kafka.bootstrap == "127.0.0.1:1"
    assert config.database == "other"
    assert config.create_topics
    assert "secret@" not in repr(config)
    assert "secret@" not in repr(ENDPOINTS)


# ---------------------------------------------------------------------------------------------- without any server


async def run(manifest: Manifest, state: Path, **options: float) -> list[View]:
    request = Request((put(manifest, "metadata.uid", None),), {}, timeout_seconds=options.get("timeout"))
    shown = display(Console(file=io.StringIO()))
    return await bring_to_end(request, state, ENDPOINTS, {}, display=shown, report=lambda _key, _change: None)


async def test_waiting_for_what_nobody_will_do_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.commands.bring_to_end.STUCK_SECONDS", 0.5)
    with pytest.raises(CommandError, match="trainingrun/weekly cannot continue: BatchNotFound") as caught:
        await run(training_run("weekly", batches=["missing"]), tmp_path)
    assert "missing" in str(caught.value)


async def test_time_that_is_up_names_what_is_not_finished(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="timed out; not finished: trainingrun/weekly"):
        await run(training_run("weekly", batches=["missing"]), tmp_path, timeout=0.1)


async def test_a_controller_that_breaks_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_self: object) -> None:
        raise ExceptionGroup("tasks", [ZeroDivisionError("by nought")])

    monkeypatch.setattr("segue_operator.controller.controller.Controller.run", broken)
    with pytest.raises(CommandError, match=r"the controller stopped .*: ZeroDivisionError: by nought") as caught:
        await run(training_run("weekly"), tmp_path)
    assert str(tmp_path / "controller.log") in (caught.value.hint or "")


@pytest.mark.parametrize(
    "part", ["segue_operator.controller.controller.Controller", "segue.cluster.workloads.workload_loop.WorkloadLoop"]
)
async def test_a_part_that_just_ends_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    async def leave(_self: object) -> None:
        return

    monkeypatch.setattr(f"{part}.run", leave)
    with pytest.raises(CommandError, match="for an unknown reason"):
        await run(training_run("weekly"), tmp_path)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    for name in ("MONGODB_URI", "KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "state"


def written(path: Path, *manifests: Manifest) -> str:
    path.write_text(yaml.safe_dump_all(manifests))
    return str(path)


def batch_of(folder: Path) -> Manifest:
    source = {"volume": {"hostPath": {"path": str(folder)}}, "metadata": {"format": "Tags"}}
    return track_batch("songs", source=source)


@pytest.mark.usefixtures("state")
def test_a_wrong_manifest_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", "-f", written(tmp_path / "b.yaml", put(batch_of(tmp_path), "spec.sink.replica", 1))]) == 2
    assert "did you mean replicas?" in capsys.readouterr().err


def test_missing_java_is_one_sentence_before_any_server_starts(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", "-f", written(tmp_path / "b.yaml", batch_of(tmp_path))]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: Java is missing")
    assert "install" in error
    assert not (state / "mongodb").exists()


def test_a_change_that_is_refused_names_the_way_out(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_state(state, ended(batch_of(tmp_path), reason="Completed", message="all"))
    changed = put(batch_of(tmp_path), "spec.catalogue", "other")
    assert main(["apply", "-f", written(tmp_path / "b.yaml", changed)]) == 2
    error = capsys.readouterr().err
    assert "spec.catalogue" in error
    assert "--again" in error


def test_kinds_are_told_apart() -> None:
    assert Key.of(track_batch("a")) != Key.of(training_run("a"))
    assert Key.of(track_batch("a")).kind is Kind.TRACK_BATCH
