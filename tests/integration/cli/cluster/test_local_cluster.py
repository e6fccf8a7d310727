"""Jobs and Deployments as real processes: retried, ended, suspended, resumed and logged as in Kubernetes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from segue.cluster.local_cluster import LocalCluster
from segue.cluster.pods import METRICS_PORT_ANNOTATION, is_ready
from segue_operator.kinds.objects import Kind, Manifest
from support.local_cluster import (
    QUICK_END,
    cluster_in,
    ended,
    exit_code,
    gone,
    group_of,
    log_of,
    no_pods,
    pods,
    running_pod,
    until,
)
from support.waiting import eventually, eventually_true
from support.workloads import condition, deployment, failure_policy, job, key, manifest


async def test_indexed_job_runs_every_index_and_keeps_logs_and_termination_messages(tmp_path: Path) -> None:
    script = 'echo "index $JOB_COMPLETION_INDEX"; printf "%5000s" "$JOB_COMPLETION_INDEX" > $SEGUE_TERMINATION_LOG'
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(job("j", "sh", "-c", script, completions=3, parallelism=2))
        found = await ended(cluster, "j")
        assert condition(found, "Complete")["reason"] == "CompletionsReached"
        assert found["status"]["completedIndexes"] == "0,1,2"
        for pod in await pods(cluster):
            index = pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
            assert log_of(tmp_path, pod).read_text() == f"index {index}\n"
            message = pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
            assert len(message.encode()) == 4096


async def test_failed_index_is_retried_and_the_others_are_not_repeated(tmp_path: Path) -> None:
    marker = tmp_path / "tried"
    script = f'[ "$JOB_COMPLETION_INDEX" = 1 ] || exit 0; [ -e {marker} ] && exit 0; touch {marker}; exit 1'
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(job("j", "sh", "-c", script, completions=3, backoffLimitPerIndex=1))
        found = await ended(cluster, "j")
        assert condition(found, "Complete")["status"] == "True"
        assert (found["status"]["succeeded"], found["status"]["failed"]) == (3, 1)
        assert len(await pods(cluster)) == 4


async def test_exit_2_fails_the_job_at_once_and_ends_the_other_pods(tmp_path: Path) -> None:
    script = '[ "$JOB_COMPLETION_INDEX" = 1 ] && exit 2; exec sleep 60'
    given = job(
        "j", "sh", "-c", script, completions=2, backoffLimitPerIndex=5, podFailurePolicy=failure_policy(FailJob=[2])
    )
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(given)
        found = await ended(cluster, "j")
        assert condition(found, "Failed")["reason"] == "PodFailurePolicy"
        assert "exit code 2" in condition(found, "Failed")["message"]
        assert found["status"]["active"] == 0
        assert [exit_code(pod) for pod in await pods(cluster)] == [2]


async def test_exit_3_fails_its_index_only(tmp_path: Path) -> None:
    script = '[ "$JOB_COMPLETION_INDEX" = 1 ] && exit 3; exit 0'
    given = job(
        "j", "sh", "-c", script, completions=3, backoffLimitPerIndex=5, podFailurePolicy=failure_policy(FailIndex=[3])
    )
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(given)
        found = await ended(cluster, "j")
        assert condition(found, "Failed")["reason"] == "FailedIndexes"
        assert (found["status"]["completedIndexes"], found["status"]["failedIndexes"]) == ("0,2", "1")
        assert len(await pods(cluster)) == 3


@pytest.mark.parametrize("victim", ["worker", "guard"])
async def test_killed_worker_is_recorded_and_retried(tmp_path: Path, victim: str) -> None:
    marker = tmp_path / "tried"
    async with cluster_in(tmp_path) as cluster:
        script = f"[ -e {marker} ] && exit 0; touch {marker}; sleep 60"
        await cluster.create(job("j", "sh", "-c", script, backoffLimitPerIndex=2))
        group = await group_of(tmp_path, await running_pod(cluster))
        await eventually_true(marker.exists)
        if victim == "worker":
            os.killpg(group, signal.SIGKILL)
        else:
            os.kill(parent_of(group), signal.SIGKILL)
        found = await ended(cluster, "j")
        assert condition(found, "Complete")["status"] == "True"
        assert sorted(exit_code(pod) for pod in await pods(cluster)) == [0, 137]
        assert await gone(group)


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("finding a parent process needs /proc")
    return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("PPid")))


async def test_suspended_job_ends_its_pods_and_resumes(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"[ -e {gate} ] && exit 0; exec sleep 60"
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(job("j", "sh", "-c", script, completions=2, pod=QUICK_END))
        await eventually(lambda: so_many_ready(cluster, 2))
        await cluster.apply(changed("j", suspend=True))
        await eventually(lambda: no_pods(cluster))
        gate.touch()
        await cluster.apply(changed("j", suspend=False))
        found = await ended(cluster, "j")
        assert found["status"]["completedIndexes"] == "0,1"
        assert found["status"]["failed"] == 0


async def so_many_ready(cluster: LocalCluster, count: int) -> bool:
    """Whether so many pods exist, and all are ready."""
    found = await pods(cluster)
    return len(found) == count and all(is_ready(pod) for pod in found)


def changed(name: str, **fields: Any) -> Manifest:
    """The few fields of a Job that may change."""
    return manifest(Kind.JOB, name, fields)


async def test_parallelism_may_change_while_a_job_runs(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"while [ ! -e {gate} ]; do sleep 0.05; done"
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(job("j", "sh", "-c", script, completions=4, parallelism=1))
        for parallelism in (1, 3, 1):
            await cluster.apply(changed("j", parallelism=parallelism))
            await eventually(lambda parallelism=parallelism: so_many_ready(cluster, parallelism))
        gate.touch()
        found = await ended(cluster, "j")
        assert found["status"]["completedIndexes"] == "0,1,2,3"
        assert found["status"]["failed"] == 0


async def test_whole_process_group_ends_with_its_pod(tmp_path: Path) -> None:
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(job("j", "sh", "-c", "sleep 60 & sleep 60 & wait", pod=QUICK_END))
        group = await group_of(tmp_path, await running_pod(cluster))
        await cluster.delete(key(Kind.JOB, "j"))
        assert await gone(group)
        await eventually(lambda: no_pods(cluster))
        assert not any((tmp_path / "state" / "pods").iterdir())


async def test_deployment_restarts_with_back_off_and_scales(tmp_path: Path) -> None:
    marker = tmp_path / "tried"
    script = f"[ -e {marker} ] && exec sleep 60; touch {marker}; exit 1"
    async with cluster_in(tmp_path) as cluster:
        given = deployment("d", "sh", "-c", script, **QUICK_END)
        await cluster.apply(given)
        async for event in cluster.watch([Kind.POD]):
            waiting = (
                event.object["status"]["containerStatuses"][0]["state"].get("waiting")
                if "status" in event.object
                else None
            )
            if waiting:
                assert waiting["reason"] == "CrashLoopBackOff"
                break
        pod = await running_pod(cluster, lambda pod: "lastState" in pod["status"]["containerStatuses"][0])
        assert pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1
        wanted = key(Kind.DEPLOYMENT, "d")
        await until(cluster, wanted, lambda found: found["status"]["readyReplicas"] == 1)
        for replicas in (3, 0):
            applied = await cluster.apply({**given, "spec": {**given["spec"], "replicas": replicas}})
            found = await until(
                cluster,
                wanted,
                lambda found, replicas=replicas: (
                    found["status"]["readyReplicas"] == replicas and found["status"]["replicas"] == replicas
                ),
            )
            assert found["status"]["observedGeneration"] == applied["metadata"]["generation"]
        await eventually(lambda: no_pods(cluster))


async def test_new_template_replaces_a_deployments_pods(tmp_path: Path) -> None:
    async with cluster_in(tmp_path) as cluster:
        await cluster.apply(deployment("d", "sleep", "60"))
        first = await running_pod(cluster)
        await cluster.apply(deployment("d", "sleep", "61"))
        second = await running_pod(cluster, lambda pod: pod["metadata"]["name"] != first["metadata"]["name"])

        async def only_one() -> list[Manifest]:
            left = await pods(cluster)
            return left if len(left) == 1 else []

        left = await eventually(only_one)
        assert left[0]["metadata"]["uid"] == second["metadata"]["uid"]


async def test_missing_claim_and_secret_leave_the_pod_pending_with_the_name(tmp_path: Path) -> None:
    volume = {"name": "source", "persistentVolumeClaim": {"claimName": "fma"}}
    mount = {"volumeMounts": [{"name": "source", "mountPath": "/source"}]}
    secret = {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "segue-mongodb", "key": "uri"}}}]}
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(job("claim", "true", pod={"volumes": [volume], "container": mount}))
        await cluster.create(job("secret", "true", pod={"container": secret}))
        for name, message in (("claim", 'persistentvolumeclaim "fma" not found'), ("secret", 'secret "segue-mongodb"')):
            async for event in cluster.watch([Kind.POD]):
                pod = event.object
                if pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == name and "status" in pod:
                    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
                    assert pod["status"]["phase"] == "Pending"
                    assert waiting["reason"] == "CreateContainerConfigError"
                    assert message in waiting["message"]
                    break


async def test_volumes_secrets_and_metrics_port_reach_the_process(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "song").write_text("la")
    container = {
        "args": ["/source/song"],
        "env": [
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "SEGUE_METRICS_PORT", "value": "8080"},
        ],
        "volumeMounts": [{"name": "source", "mountPath": "/source"}],
    }
    script = 'cat "$0"; echo " $PASSWORD $SEGUE_METRICS_PORT"'
    volume = {"name": "source", "persistentVolumeClaim": {"claimName": "c"}}
    given = job("j", "sh", "-c", script, pod={"container": container, "volumes": [volume]})
    async with cluster_in(tmp_path, volumes={"c": tmp_path / "music"}, secrets={"s": {"k": "hush"}}) as cluster:
        await cluster.create(given)
        await ended(cluster, "j")
        [pod] = await pods(cluster)
        port = pod["metadata"]["annotations"][METRICS_PORT_ANNOTATION]
        assert log_of(tmp_path, pod).read_text() == f"la hush {port}\n"
        assert port != "8080"
    stored = [path.read_text() for path in (tmp_path / "state").rglob("*.json")]
    assert stored
    assert not any("hush" in text for text in stored)
