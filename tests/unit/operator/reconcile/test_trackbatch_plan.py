"""Plans of a TrackBatch, step by step."""

from __future__ import annotations

from datetime import timedelta

from segue_core.contract import ExtractSummary, VerifyArguments
from segue_core.contract.termination import Summary
from segue_core.contract.times import timestamp
from segue_operator.kinds.objects import Key
from support.batches import ALL_STORED, EXTRACT, SINK, VERIFY, extracted, names, nonzero, started, verified
from support.simulated_cluster import START

# -------------------------------------------------------------------------------------------------------- happy path


def test_a_new_batch_gets_sink_and_extract_job_and_all_conditions() -> None:
    cluster = started()
    assert names(cluster) == {EXTRACT, SINK}
    assert [condition["type"] for condition in cluster.resource["status"]["conditions"]] == [
        "Succeeded", "Failed", "Suspended", "Queued", "JobCreated", "SinkReady", "Stalled",
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
    assert cluster.condition("SinkReady")[1] == "NotNeeded"
    assert names(cluster) == {EXTRACT, VERIFY}
    status = cluster.resource["status"]
    assert status["completionTime"] == timestamp(START + timedelta(seconds=5))
    assert nonzero(status["tracks"]) == {"listed": 10, "extracted": 10, "stored": 10}
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
    cluster.end_pod(EXTRACT, 0, ExtractSummary(shard=0, listed=5, extracted=3, skipped=1, stored=2, rejected=1,
                                               rejected_by_reason={"Silent": 1}), index=0)  # fmt: skip
    cluster.end_pod(EXTRACT, 0, ExtractSummary(shard=1, listed=4, extracted=4, stored=4), index=1)
    cluster.step()
    status = cluster.resource["status"]
    counts = {"listed": 9, "extracted": 8, "rejected": 1, "stored": 6}
    assert nonzero(status["tracks"]) == counts, "the first attempt extracted what the second skipped"
    assert status["rejectedByReason"] == {"Silent": 1}
    cluster.pods.pop(0)
    cluster.step()
    assert nonzero(cluster.resource["status"]["tracks"]) == counts, (
        "a track does not count twice when its first pod vanishes"
    )
    cluster.pods.clear()
    cluster.step()
    assert nonzero(cluster.resource["status"]["tracks"]) == counts


def test_a_failed_attempt_is_no_account_of_a_verification_that_succeeded() -> None:
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
    assert cluster.condition("SinkReady")[1] == "NotNeeded"
    assert cluster.condition("Succeeded")[0] == "True"


def test_a_kept_sink_follows_its_spec_and_an_upgrade() -> None:
    cluster = verified(sink={"keepRunning": True})
    cluster.change_spec(sink={"keepRunning": True, "replicas": 3})
    cluster.step()
    assert cluster.condition("SinkReady")[:2] == ("False", "Progressing"), "it says what is, not what was"
    child = cluster.child(SINK)
    assert child is not None
    assert child["spec"]["replicas"] == 3
    child["status"] = {"readyReplicas": 3}
    cluster.step()
    assert cluster.condition("SinkReady")[0] == "True"
    assert cluster.plan().is_empty
    del cluster.objects[Key.of(child)]
    cluster.step()
    assert SINK in names(cluster), "somebody deleted it, and it is to be kept"
    cluster.step()
    assert cluster.condition("Succeeded")[0] == "True"
    assert cluster.condition("SinkReady")[0] == "False"


def test_parallelism_may_change_while_it_runs() -> None:
    cluster = started(extraction={"shards": 8})
    cluster.change_spec(extraction={"parallelism": 4})
    planned = cluster.step()
    assert [manifest["spec"] for manifest in planned.apply] == [{"suspend": False, "parallelism": 4}]
    assert cluster.plan().is_empty
