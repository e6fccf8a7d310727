"""A TrainingRun that trains again by itself: when a round starts, what it keeps, and what holds it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from segue_core.contract.times import timestamp
from segue_operator.kinds.objects import Key, Kind
from segue_operator.reconcile.rounds import PAUSE
from support.manifests import track_batch, training_run
from support.runs import FIRST, PUBLISHED, SECOND, THIRD, fail, ingested, publish, to_state, trained
from support.simulated_cluster import SimulatedCluster

ENOUGH = "9 came, 0 went and 0 changed since model music:3 was trained on 90 tracks: 10.0 % of them, and 10 % is enough"
NIGHTLY = {"schedule": "0 3 * * *"}


def recommended(cluster: SimulatedCluster) -> tuple[str, str, str]:
    return cluster.condition("RetrainRecommended")


def reasons(cluster: SimulatedCluster) -> list[str]:
    return [event.reason for event in cluster.events]


def submitted(cluster: SimulatedCluster) -> list[str]:
    return sorted(key.name for key in cluster.objects)


def other_run(name: str, succeeded: str, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Succeeded", "status": succeeded, "reason": "R"}]
    return training_run(name) | {"status": {"conditions": conditions} | status}


# ------------------------------------------------------------------------------------------------------- the condition


def test_without_the_field_it_recommends_once_and_starts_nothing() -> None:
    cluster = trained()
    assert recommended(cluster)[:2] == ("False", "Trained")
    ingested(cluster, "more", added=4)
    cluster.step()
    assert recommended(cluster)[:2] == ("False", "FewTracksChanged")
    ingested(cluster, "and-more", added=3, changed=2)
    cluster.step()
    status, reason, message = recommended(cluster)
    assert (status, reason) == ("True", "TracksChanged")
    assert message == (
        "7 came, 0 went and 2 changed since model music:3 was trained on 90 tracks: 10.0 % of them, "
        "and 10 % is enough; set spec.retrain to train by itself, or delete and create the run"
    )
    assert cluster.resource["status"]["retrain"]["changedTracks"] == 9
    assert reasons(cluster) == ["RetrainRecommended"]
    assert cluster.status_errors() == []
    assert cluster.plan().is_empty
    assert submitted(cluster) == [FIRST]


def test_batches_that_are_deleted_still_count() -> None:
    cluster = trained()
    ingested(cluster, "more", added=5)
    cluster.step()
    cluster.batches = ()
    ingested(cluster, "and-more", added=4)
    cluster.step()
    assert recommended(cluster)[0] == "True"


def test_only_the_last_run_of_a_catalogue_recommends() -> None:
    cluster = trained()
    ingested(cluster, "more", added=50)
    cluster.step()
    since = timestamp(cluster.now)
    cluster.runs = (other_run("later", "True", startTime=since, model={"version": "music:4", "tracks": 140}),)
    cluster.step()
    assert recommended(cluster) == (
        "False", "TrainedSince", "TrainingRun later has trained the catalogue since, as model music:4",
    )  # fmt: skip
    assert cluster.plan().is_empty


# ------------------------------------------------------------------------------------------------------------ a round


def test_a_round_trains_again_and_keeps_what_the_last_one_decided() -> None:
    cluster = trained(retrain={})
    ingested(cluster, "more", added=9)
    cluster.pass_time(60)
    planned = cluster.step()
    assert [key.name for key in planned.delete] == [FIRST]
    assert submitted(cluster) == [SECOND]
    assert reasons(cluster) == ["RetrainRecommended", "Retraining", "Submitted"]
    assert cluster.events[1].message == f"{ENOUGH}; round 2 starts"
    arguments = cluster.objects[Key(Kind.SPARK_APPLICATION, "default", SECOND)]["spec"]["arguments"]
    assert "--run-uid=uid-weekly.2" in arguments
    status = cluster.resource["status"]
    assert cluster.condition("Succeeded")[:2] == ("Unknown", "Submitted")
    assert status["model"]["version"] == "music:3"
    assert status["retrain"]["previousRound"] == {
        "number": 1,
        "succeeded": True,
        "message": "model music:3 with 16 clusters over 90 tracks",
        "completionTime": "2026-01-01T00:00:00Z",
        "model": "music:3",
        "decision": {"promoted": True, "reason": "no worse"},
    }
    assert "completionTime" not in status
    cluster.pass_time(60)
    publish(cluster, SECOND, replace(PUBLISHED, model="music:4", tracks=99, promoted=False, decision="worse"))
    cluster.step()
    status = cluster.resource["status"]
    assert (status["model"]["version"], status["decision"]["promoted"]) == ("music:4", False)
    assert status["retrain"]["previousRound"]["decision"] == {"promoted": True, "reason": "no worse"}
    assert recommended(cluster)[0] == "False"
    assert status["retrain"]["round"] == 2
    assert cluster.status_errors() == []
    assert cluster.plan().is_empty


def test_what_changes_during_a_round_counts_for_the_next_one() -> None:
    cluster = trained(retrain={})
    ingested(cluster, "more", added=9)
    cluster.step()
    cluster.pass_time(60)
    ingested(cluster, "meanwhile", added=30)
    cluster.step()
    cluster.batches = ()
    publish(cluster, SECOND, replace(PUBLISHED, model="music:4", tracks=99))
    cluster.pass_time(60)
    cluster.step()
    assert cluster.resource["status"]["retrain"]["round"] == 3
    assert submitted(cluster) == [THIRD]


def test_retries_of_a_round_count_from_its_first_attempt() -> None:
    cluster = trained(retrain={}, backoffLimit=1)
    ingested(cluster, "more", added=9)
    cluster.step()
    fail(cluster, SECOND)
    assert cluster.condition("Succeeded")[1] == "Retrying"
    assert submitted(cluster) == [SECOND, THIRD]
    fail(cluster, THIRD)
    assert cluster.condition("Succeeded")[1] == "BackoffLimitExceeded"


def test_a_failing_round_backs_off_and_the_model_stays() -> None:
    cluster = trained(retrain={}, backoffLimit=0)
    ingested(cluster, "more", added=9)
    cluster.step()
    for failures in (1, 2, 3):
        name = f"weekly-train-{failures + 1}"
        assert submitted(cluster) == [name]
        fail(cluster, name)
        cluster.step()
        status = cluster.resource["status"]
        assert (cluster.condition("Succeeded")[0], status["model"]["version"]) == ("False", "music:3")
        assert status["retrain"]["failures"] == failures
        pause = PAUSE.pause(failures)
        planned = cluster.plan()
        assert planned.requeue_after_seconds == pause
        assert planned.is_empty
        cluster.pass_time(pause - 1)
        cluster.step()
        assert cluster.resource["status"]["retrain"]["round"] == failures + 1
        cluster.pass_time(1)
        cluster.step()
    publish(cluster, "weekly-train-5", replace(PUBLISHED, model="music:4", tracks=99))
    assert cluster.resource["status"]["retrain"]["failures"] == 0


def test_a_first_round_that_failed_is_final() -> None:
    cluster = SimulatedCluster(training_run(retrain={"afterChangedPercent": 0}, backoffLimit=0))
    cluster.step()
    fail(cluster, FIRST)
    ingested(cluster, "more", added=9)
    cluster.pass_time(1_000_000)
    assert cluster.plan().is_empty


def test_a_pending_deadline_counts_from_the_round() -> None:
    cluster = trained(retrain={}, pendingDeadlineSeconds=30)
    cluster.pass_time(3600)
    ingested(cluster, "more", added=9)
    cluster.missing_kinds = frozenset({Kind.SPARK_APPLICATION})
    cluster.step()
    assert cluster.condition("Succeeded")[1] == "SparkCRDMissing"
    cluster.pass_time(31)
    cluster.step()
    assert cluster.condition("Succeeded")[1] == "PendingDeadlineExceeded"


# -------------------------------------------------------------------------------------------------- what holds it back


def test_a_suspended_run_starts_no_round_until_it_is_resumed() -> None:
    cluster = trained(retrain={})
    cluster.change_spec(suspend=True)
    ingested(cluster, "more", added=9)
    cluster.step()
    assert recommended(cluster)[2] == f"{ENOUGH}; no round starts while spec.suspend is true"
    assert submitted(cluster) == [FIRST]
    cluster.change_spec(suspend=False)
    cluster.step()
    assert submitted(cluster) == [SECOND]


def test_a_round_waits_for_batches_that_are_about_to_change_the_catalogue() -> None:
    cluster = trained(retrain={})
    ingested(cluster, "more", added=9)
    cluster.batches = (*cluster.batches, track_batch("at-work"), track_batch("other", catalogue="other"))
    cluster.step()
    assert recommended(cluster)[2] == f"{ENOUGH}; round 2 starts once TrackBatch at-work has finished"
    stalled = {"conditions": [{"type": "Stalled", "status": "True", "reason": "R"}]}
    cluster.batches = (cluster.batches[0], track_batch("at-work") | {"status": stalled})
    cluster.step()
    assert submitted(cluster) == [SECOND]


def test_a_round_waits_for_another_run_and_is_not_needed_after_it() -> None:
    cluster = trained(retrain={})
    ingested(cluster, "more", added=9)
    cluster.pass_time(60)
    began = timestamp(cluster.now)
    cluster.runs = (other_run("other", "Unknown", startTime=began), cluster.resource)
    cluster.step()
    assert recommended(cluster)[2].endswith("round 2 starts once TrainingRun other has finished")
    cluster.runs = (other_run("other", "True", startTime=began, model={"version": "music:4", "tracks": 99}),)
    cluster.step()
    assert recommended(cluster)[:2] == ("False", "Trained")
    assert submitted(cluster) == [FIRST]


def test_a_schedule_waits_for_its_time_and_makes_up_for_a_missed_one_once() -> None:
    cluster = trained(retrain=NIGHTLY)
    ingested(cluster, "more", added=9)
    assert cluster.now == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    planned = cluster.step()
    assert recommended(cluster)[2] == f"{ENOUGH}; round 2 starts at 2026-01-01 03:00 UTC"
    assert planned.requeue_after_seconds == timedelta(hours=2, minutes=59).total_seconds()
    cluster.pass_time(86_400 * 5)
    cluster.step()
    assert submitted(cluster) == [SECOND]
    publish(cluster, SECOND, replace(PUBLISHED, model="music:4", tracks=99))
    cluster.step()
    assert cluster.plan().is_empty
    cluster.pass_time(1)
    ingested(cluster, "and-more", added=50)
    cluster.step()
    assert recommended(cluster)[2].endswith("round 3 starts at 2026-01-06 03:00 UTC")


def test_a_round_that_fails_at_night_is_repeated_on_another_night() -> None:
    cluster = trained(retrain=NIGHTLY, backoffLimit=0)
    ingested(cluster, "more", added=9)
    cluster.step()
    cluster.pass_time(3 * 3600)
    cluster.step()
    fail(cluster, SECOND)
    cluster.step()
    assert recommended(cluster)[2].endswith("round 3 starts at 2026-01-02 03:00 UTC")


def test_a_schedule_without_a_date_says_so() -> None:
    cluster = trained(retrain={"schedule": "0 0 30 2 *"})
    ingested(cluster, "more", added=9)
    cluster.step()
    assert recommended(cluster)[2].endswith("round 2 never starts: spec.retrain.schedule names no date that exists")


def test_a_taken_name_holds_a_round_up_without_a_loop() -> None:
    cluster = trained(retrain={})
    key = Key(Kind.SPARK_APPLICATION, "default", SECOND)
    cluster.objects[key] = {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"name": SECOND, "namespace": "default", "uid": "u"},
        "spec": {},
    }
    ingested(cluster, "more", added=9)
    cluster.step()
    assert cluster.condition("Succeeded")[1] == "NameConflict"
    assert cluster.resource["status"]["retrain"]["round"] == 2
    assert cluster.plan().is_empty


def test_a_restart_after_the_application_was_made_continues_the_same_round() -> None:
    cluster = trained(retrain={})
    ingested(cluster, "more", added=9)
    planned = cluster.plan()
    cluster.execute(replace(planned, status=None, events=()))
    assert submitted(cluster) == [SECOND]
    cluster.step()
    assert submitted(cluster) == [SECOND]
    to_state(cluster, SECOND, "RUNNING")
    assert cluster.resource["status"]["attempts"] == [{"number": 2, "application": SECOND, "state": "Running"}]
