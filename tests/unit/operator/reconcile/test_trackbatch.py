"""Plans of a TrackBatch, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from segue_jobs.contract import ExtractSummary, VerifyArguments, VerifySummary
from segue_jobs.summary import Summary
from segue_operator.api.conditions import timestamp
from segue_operator.api.objects import Key, Kind
from segue_operator.reconcile.dispatch import plan
from support.batches import ALL_STORED, EXTRACT, SINK, VERIFY, extracted, names, started, verified
from support.children import PLAIN
from support.simulated_cluster import START

# -------------------------------------------------------------------------------------------------------- happy path


def test_a_new_batch_gets_sink_and_extract_job_and_all_conditions() -> None:
    cluster = started()
    assert names(cluster) == {EXTRACT, SINK}
    assert [condition["type"] for condition in cluster.resource["status"]["conditions"]] == [
        "Succeeded", "Failed", "Suspended", "JobCreated", "SinkReady",
    ]  # fmt: skip
    assert cluster.condition("Succeeded") == ("Unknown", "Extracting", "0 of 1 shards are done")
    assert cluster.phase == "Extracting"
    assert cluster.resource["status"]["startTime"] == timestamp(START)
    assert cluster.status_errors() == []


def test_a_complete_job_is_followed_by_verify_and_verify_by_success() -> None:
    cluster = extracted()
    assert names(cluster) == {EXTRACT, SINK, VERIFY}
    assert cluster.phase == "Verifying"
    cluster.pass_time(5)
    cluster.end_pod(VERIFY, 0, ALL_STORED)
    cluster.end_job(VERIFY, "Complete")
    cluster.step()
    assert cluster.condition("Succeeded") == ("True", "Completed", "all 10 tracks are stored")
    assert cluster.condition("Failed") == ("False", "NotFailed", "")
    assert cluster.condition("SinkReady")[1] == "Removed"
    assert names(cluster) == {EXTRACT, VERIFY}
    status = cluster.resource["status"]
    assert status["completionTime"] == timestamp(START + timedelta(seconds=5))
    assert status["tracks"] == {"listed": 10, "extracted": 10, "skipped": 0, "rejected": 0, "stored": 10}
    assert [event.reason for event in cluster.events] == ["Extracting", "Verifying", "Completed"]


def test_verify_is_told_when_the_batch_began() -> None:
    verify = extracted().child(VERIFY)
    assert verify is not None
    arguments = VerifyArguments.parse(verify["spec"]["template"]["spec"]["containers"][0]["args"])
    assert arguments.started_at == timestamp(START)


def test_verify_is_told_by_which_recipes_the_shards_extracted() -> None:
    cluster = started(extraction={"shards": 2})
    for index in (0, 1):
        summary = ExtractSummary(shard=index, recipe=f"segue-1-{index}", listed=5, extracted=5)
        cluster.end_pod(EXTRACT, 0, summary, index=index)
    cluster.end_job(EXTRACT, "Complete", succeeded=2)
    cluster.step()
    verify = cluster.child(VERIFY)
    assert verify is not None
    arguments = VerifyArguments.parse(verify["spec"]["template"]["spec"]["containers"][0]["args"])
    assert arguments.recipe == ("segue-1-0", "segue-1-1")


def test_progress_is_folded_from_the_last_summary_of_each_shard() -> None:
    cluster = started(extraction={"shards": 2, "parallelism": 2})
    cluster.end_pod(EXTRACT, 1, ExtractSummary(shard=0, listed=5, extracted=1, interrupted=True), index=0)
    cluster.end_pod(EXTRACT, 0, ExtractSummary(shard=0, listed=5, extracted=3, skipped=1, rejected=1,
                                               rejected_by_reason={"Silent": 1}), index=0)  # fmt: skip
    cluster.end_pod(EXTRACT, 0, ExtractSummary(shard=1, listed=4, extracted=4), index=1)
    cluster.step()
    status = cluster.resource["status"]
    counts = {"listed": 9, "extracted": 8, "skipped": 0, "rejected": 1, "stored": 0}
    assert status["tracks"] == counts, "the first attempt extracted what the second skipped"
    assert status["rejectedByReason"] == {"Silent": 1}
    cluster.pods.pop(0)
    cluster.step()
    assert cluster.resource["status"]["tracks"] == counts, "a track does not count twice when its first pod vanishes"
    cluster.pods.clear()
    cluster.step()
    assert cluster.resource["status"]["tracks"] == counts


def test_a_failed_try_does_not_speak_for_a_verification_that_succeeded() -> None:
    cluster = extracted()
    cluster.end_pod(VERIFY, 1, Summary(error="the sink made no progress for 120 s"))
    cluster.end_pod(VERIFY, 0, ALL_STORED)
    cluster.end_job(VERIFY, "Complete")
    cluster.pods.pop()  # its node went away before the operator looked
    planned = cluster.step()
    assert [key.name for key in planned.delete] == [VERIFY]
    assert cluster.condition("Succeeded")[:2] == ("Unknown", "Verifying")


def test_a_kept_sink_stays() -> None:
    cluster = verified(sink={"keepRunning": True})
    assert SINK in names(cluster)
    cluster.change_spec(sink={"keepRunning": False})
    cluster.step()
    cluster.step()
    assert SINK not in names(cluster)
    assert cluster.condition("SinkReady")[1] == "Removed"
    assert cluster.condition("Succeeded")[0] == "True"


def test_a_kept_sink_follows_its_spec_and_an_upgrade() -> None:
    cluster = verified(sink={"keepRunning": True})
    cluster.change_spec(sink={"keepRunning": True, "replicas": 3})
    [applied] = cluster.step().apply
    assert applied["spec"]["replicas"] == 3
    assert cluster.condition("SinkReady")[:2] == ("False", "Progressing"), "it says what is, not what was"
    child = cluster.child(SINK)
    assert child is not None
    child["status"] = {"readyReplicas": 3}
    cluster.step()
    assert cluster.condition("SinkReady")[0] == "True"
    assert cluster.plan().is_empty
    upgraded = plan(cluster.resource, cluster.observed(), cluster.now, replace(PLAIN, jobs_image="segue-jobs:next"))
    assert upgraded.apply[0]["spec"]["template"]["spec"]["containers"][0]["image"] == "segue-jobs:next"
    del cluster.objects[Key.of(child)]
    cluster.step()
    assert SINK in names(cluster), "somebody deleted it, and it is to be kept"
    assert cluster.condition("Succeeded")[0] == "True"
    assert cluster.condition("SinkReady")[0] == "False"


def test_parallelism_may_change_while_it_runs() -> None:
    cluster = started(extraction={"shards": 8})
    cluster.change_spec(extraction={"parallelism": 4})
    planned = cluster.step()
    assert [manifest["spec"] for manifest in planned.apply] == [{"suspend": False, "parallelism": 4}]
    assert cluster.plan().is_empty


# ---------------------------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("rejected", "allowed", "reason", "status"),
    [(0, 0, "Completed", "True"), (1, 10, "PartiallyCompleted", "True"), (1, 9, "TooManyRejected", "False"),
     (10, 100, "PartiallyCompleted", "True")],
)  # fmt: skip
def test_rejections_decide_between_completed_partly_and_failed(
    rejected: int, allowed: int, reason: str, status: str
) -> None:
    summary = VerifySummary(
        listed=10, stored=10 - rejected, rejected=rejected, rejected_by_reason={"Silent": rejected} if rejected else {}
    )
    cluster = verified(summary, maxRejectedPercent=allowed)
    assert cluster.condition("Succeeded")[:2] == (status, reason)
    assert cluster.condition("Failed")[0] == ("True" if status == "False" else "False")
    if rejected:
        assert f"{rejected} of 10 tracks are rejected (Silent {rejected})" in cluster.condition("Succeeded")[2]


@pytest.mark.parametrize("exit_code", [0, 3])
def test_missing_tracks_fail_the_batch_and_are_named(exit_code: int) -> None:
    summary = VerifySummary(listed=10, stored=3, missing=7, first_missing=list("abcdefg"))
    cluster = verified(summary, exit_code=exit_code)
    assert cluster.condition("Failed") == (
        "True", "TracksMissing", "7 of 10 tracks are neither stored nor rejected: a, b, c, d, e and 2 more",
    )  # fmt: skip


def test_an_empty_listing_fails_with_the_path() -> None:
    assert verified(VerifySummary()).condition("Failed")[1:] == (
        "NoTracks", "no track was found under source.audioPath '.': check the path",
    )  # fmt: skip


def test_a_wrong_configuration_fails_with_the_pod_s_own_words() -> None:
    cluster = started()
    cluster.end_pod(EXTRACT, 1, Summary(error="a broker blinked"), index=0)
    cluster.end_pod(EXTRACT, 2, Summary(error="tracks.csv: no column 'id'"), index=0)
    cluster.end_pod(EXTRACT, 1, Summary(error="stopped"), index=0)
    cluster.end_job(EXTRACT, "Failed", "PodFailurePolicy")
    cluster.step()
    assert cluster.condition("Failed") == ("True", "ExtractionFailed", "tracks.csv: no column 'id'")
    assert names(cluster) == {EXTRACT}


def test_a_job_that_failed_without_a_pod_speaks_for_itself() -> None:
    cluster = started()
    cluster.end_job(EXTRACT, "Failed", "PodFailurePolicy")
    cluster.step()
    assert cluster.condition("Failed")[2] == f"PodFailurePolicy of {EXTRACT}"


def test_failed_shards_are_verified_and_then_named() -> None:
    cluster = started(extraction={"shards": 4})
    cluster.end_pod(EXTRACT, 3, Summary(error="folder x is unreadable"), index=2)
    cluster.end_job(EXTRACT, "Failed", "FailedIndexes", failedIndexes="2", succeeded=3)
    cluster.step()
    assert cluster.phase == "Verifying"
    cluster.end_pod(VERIFY, 3, VerifySummary(listed=8, stored=6, missing=2, first_missing=["7", "9"]))
    cluster.end_job(VERIFY, "Failed", "PodFailurePolicy")
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "ExtractionFailed",
        "shard 2 failed (folder x is unreadable); 2 of 8 tracks are neither stored nor rejected: 7, 9",
    )


def test_failed_shards_are_no_proof_that_nothing_is_missing() -> None:
    cluster = started()
    cluster.end_pod(EXTRACT, 1, Summary(error="Kafka does not answer"), index=0)
    cluster.end_job(EXTRACT, "Failed", "FailedIndexes", failedIndexes="0")
    cluster.step()
    cluster.end_pod(VERIFY, 1, Summary(error="Kafka does not answer"))
    cluster.end_job(VERIFY, "Failed", "BackoffLimitExceeded")
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "ExtractionFailed",
        "shard 0 failed (Kafka does not answer); the batch could not be verified: Kafka does not answer",
    )


def test_failed_shards_of_a_batch_without_gaps_say_so() -> None:
    cluster = started()
    cluster.end_pod(EXTRACT, 3, Summary(error="folder x is unreadable"), index=0)
    cluster.end_job(EXTRACT, "Failed", "FailedIndexes", failedIndexes="0")
    cluster.step()
    cluster.end_pod(VERIFY, 0, ALL_STORED)
    cluster.end_job(VERIFY, "Complete")
    cluster.step()
    assert cluster.condition("Failed")[2].endswith("; no track is missing nevertheless")


def test_a_verification_that_breaks_fails_the_batch() -> None:
    cluster = extracted()
    cluster.end_pod(VERIFY, 1, "Traceback ...\npymongo.errors.AutoReconnect: gone\n")
    cluster.end_job(VERIFY, "Failed", "BackoffLimitExceeded")
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "VerificationFailed", "the batch could not be verified: pymongo.errors.AutoReconnect: gone",
    )  # fmt: skip


def test_a_lost_account_is_made_anew() -> None:
    cluster = extracted()
    cluster.end_job(VERIFY, "Complete")
    assert [key.name for key in cluster.step().delete] == [VERIFY]
    assert cluster.phase == "Verifying"
    cluster.step()
    assert VERIFY in names(cluster)
    assert cluster.plan().is_empty


# --------------------------------------------------------------------------------------------- deadlines and the end


def test_the_deadline_fails_the_batch_and_ends_its_children() -> None:
    cluster = started(activeDeadlineSeconds=60)
    cluster.add_waiting_pod(EXTRACT, "ContainerCreating", "")
    cluster.pass_time(20)
    assert cluster.plan().requeue_after_seconds == 40
    cluster.pass_time(40)
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "DeadlineExceeded", "not done within activeDeadlineSeconds (60)",
    )  # fmt: skip
    assert names(cluster) == set()


def test_the_jobs_own_deadline_is_the_batch_s() -> None:
    cluster = started(activeDeadlineSeconds=60)
    cluster.end_job(EXTRACT, "Failed", "DeadlineExceeded")
    cluster.step()
    assert cluster.condition("Failed")[1] == "DeadlineExceeded"


def test_the_deadline_counts_anew_after_a_pause() -> None:
    cluster = started(activeDeadlineSeconds=60)
    cluster.pass_time(50)
    cluster.change_spec(suspend=True)
    cluster.step()
    cluster.pass_time(1000)
    assert cluster.step().requeue_after_seconds is None
    cluster.change_spec(suspend=False)
    cluster.step()
    cluster.add_waiting_pod(EXTRACT, "ContainerCreating", "")
    cluster.pass_time(10)
    assert cluster.plan().requeue_after_seconds == 50


def test_a_finished_batch_is_deleted_after_its_ttl() -> None:
    cluster = verified(ttlSecondsAfterFinished=100)
    assert cluster.plan().requeue_after_seconds == 100
    cluster.pass_time(100)
    assert cluster.step().delete == (Key(Kind.TRACK_BATCH, "default", "songs"),)


def test_a_change_of_a_finished_batch_is_acknowledged() -> None:
    cluster = verified()
    cluster.change_spec(ttlSecondsAfterFinished=1000)
    cluster.step()
    status = cluster.resource["status"]
    assert status["observedGeneration"] == 2
    assert {condition["observedGeneration"] for condition in status["conditions"]} == {2}
    assert cluster.plan().is_empty
