"""How a TrackBatch ends: by its account, its failures, its deadline and its TTL."""

from __future__ import annotations

import pytest

from segue_core.contract import VerifySummary
from segue_core.contract.termination import Summary
from segue_operator.kinds.objects import Key, Kind
from support.batches import ALL_STORED, EXTRACT, VERIFY, extracted, names, started, verified


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


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (VerifySummary(listed=10, stored=10, added=10), "all 10 tracks are stored"),
        (VerifySummary(listed=10, stored=10), "all 10 tracks are stored"),
        (
            VerifySummary(listed=10, stored=10, added=1, removed=2, moved=3, changed=4),
            "all 10 tracks are stored; 1 came, 2 went, 3 moved, 4 changed",
        ),
    ],
)
def test_the_message_says_what_came_and_went(summary: VerifySummary, message: str) -> None:
    cluster = verified(summary)
    assert cluster.condition("Succeeded")[1:] == ("Completed", message)
    counts = cluster.resource["status"]["tracks"]
    assert (counts["added"], counts["removed"], counts["moved"], counts["changed"]) == (
        summary.added, summary.removed, summary.moved, summary.changed,
    )  # fmt: skip


def test_a_source_that_shrank_too_much_fails_with_the_words_of_verify() -> None:
    summary = VerifySummary(too_many_missing=True, error="12 of the 12 tracks are gone: mount the folder again")
    cluster = verified(summary, exit_code=3)
    assert cluster.condition("Failed")[1:] == ("TooManyMissing", summary.error)


def test_an_empty_listing_fails_with_the_path() -> None:
    assert verified(VerifySummary()).condition("Failed")[1:] == (
        "NoTracks", "no track was found under source.audioPath '.': check the path",
    )  # fmt: skip


def test_a_wrong_configuration_fails_with_the_pods_own_message() -> None:
    cluster = started()
    cluster.end_pod(EXTRACT, 1, Summary(error="a broker blinked"), index=0)
    cluster.end_pod(EXTRACT, 2, Summary(error="tracks.csv: no column 'id'"), index=0)
    cluster.end_pod(EXTRACT, 1, Summary(error="stopped"), index=0)
    cluster.end_job(EXTRACT, "Failed", "PodFailurePolicy")
    cluster.step()
    assert cluster.condition("Failed") == ("True", "ExtractionFailed", "tracks.csv: no column 'id'")
    assert names(cluster) == {EXTRACT}


def test_a_job_that_failed_without_a_pod_is_named_as_the_cause() -> None:
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


def test_failed_shards_do_not_prove_that_nothing_is_missing() -> None:
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
    assert cluster.condition("Failed")[2].endswith("; no track is missing")


def test_a_verification_that_breaks_fails_the_batch() -> None:
    cluster = extracted()
    cluster.end_pod(VERIFY, 1, "Traceback ...\npymongo.errors.AutoReconnect: gone\n")
    cluster.end_job(VERIFY, "Failed", "BackoffLimitExceeded")
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "VerificationFailed", "the batch could not be verified: pymongo.errors.AutoReconnect: gone",
    )  # fmt: skip


def test_a_lost_account_is_recreated() -> None:
    cluster = extracted()
    cluster.end_job(VERIFY, "Complete")
    assert [key.name for key in cluster.step().delete] == [VERIFY]
    assert cluster.phase == "Verifying"
    cluster.step()
    assert VERIFY in names(cluster)
    assert cluster.plan().is_empty


def test_the_deadline_fails_the_batch_and_ends_its_children() -> None:
    cluster = started(activeDeadlineSeconds=60)
    cluster.add_waiting_pod(EXTRACT, "ContainerCreating", "")
    cluster.pass_time(20)
    assert cluster.plan().requeue_after_seconds == 40
    cluster.pass_time(40)
    cluster.step()
    assert cluster.condition("Failed")[1:] == (
        "DeadlineExceeded", "not finished within activeDeadlineSeconds (60)",
    )  # fmt: skip
    assert names(cluster) == set()


def test_the_jobs_deadline_is_the_batchs() -> None:
    cluster = started(activeDeadlineSeconds=60)
    cluster.end_job(EXTRACT, "Failed", "DeadlineExceeded")
    cluster.step()
    assert cluster.condition("Failed")[1] == "DeadlineExceeded"


def test_the_deadline_restarts_after_a_pause() -> None:
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
