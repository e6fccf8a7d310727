"""The local cluster ends, is killed, comes back: no process stays, no work is lost."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from pathlib import Path

import pytest

from segue.cluster.api_server.object_files import read_objects
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.local_cluster import cluster_in, ended, exit_code, gone, group_of, log_of, pods, running_pod, until
from support.waiting import eventually_true
from support.workloads import condition, failure_policy, job, key


async def test_job_continues_when_the_cluster_comes_back(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f'[ "$JOB_COMPLETION_INDEX" = 0 ] && exit 0; [ -e {gate} ] && exit 0; exec sleep 60'
    given = job("j", "sh", "-c", script, completions=2, backoffLimitPerIndex=0, podFailurePolicy=failure_policy())
    async with cluster_in(tmp_path) as cluster:
        await cluster.create(given)
        await until(cluster, key(Kind.JOB, "j"), lambda found: found.get("status", {}).get("completedIndexes") == "0")
        group = await group_of(
            tmp_path,
            await running_pod(
                cluster, lambda pod: pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] == "1"
            ),
        )
    assert await gone(group)
    gate.touch()
    async with cluster_in(tmp_path) as cluster:
        found = await ended(cluster, "j")
        assert condition(found, "Complete")["status"] == "True"
        assert found["status"]["failed"] == 0
        assert len(await pods(cluster)) == 3


PARENT = """
    import asyncio, sys
    from pathlib import Path
    from support.workloads import job
    from segue.cluster.local_cluster import LocalCluster

    async def main():
        async with LocalCluster(Path(sys.argv[1])) as cluster:
            await cluster.create(job("j", "sh", "-c", "sleep 60 & sleep 60", backoffLimitPerIndex=1))
            await asyncio.sleep(60)

    asyncio.run(main())
"""


async def test_killed_parent_leaves_no_process_and_the_job_is_retried(tmp_path: Path, repository: Path) -> None:
    state = tmp_path / "state"
    environment = {**os.environ, "PYTHONPATH": str(repository / "tests")}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(PARENT), str(state), env=environment
    )
    await eventually_true(lambda: running_in(state))
    running = running_in(state)
    group = await group_of(tmp_path, running[0])
    parent.kill()
    await parent.wait()
    assert await gone(group)
    async with cluster_in(tmp_path) as cluster:
        lost = await until(cluster, Key.of(running[0]), lambda pod: pod["status"]["phase"] == "Failed")
        assert lost["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown"
        assert condition(lost, "DisruptionTarget")["status"] == "True"
        retried = await running_pod(cluster)
        assert retried["metadata"]["name"] != running[0]["metadata"]["name"]


def of_kind(state: Path, kind: Kind) -> list[Manifest]:
    return [found for found in read_objects(state) if found["kind"] == kind]


def running_in(state: Path) -> list[Manifest]:
    return [pod for pod in of_kind(state, Kind.POD) if pod.get("status", {}).get("phase") == "Running"]


async def test_processes_end_when_the_body_fails(tmp_path: Path) -> None:
    groups: list[int] = []

    async def fail() -> None:
        async with cluster_in(tmp_path) as cluster:
            await cluster.create(job("j", "sleep", "60"))
            groups.append(await group_of(tmp_path, await running_pod(cluster)))
            raise RuntimeError("oops")

    with pytest.raises(RuntimeError, match="oops"):
        await fail()
    assert await gone(groups[0])


async def test_pod_that_ignores_sigterm_is_killed_after_its_grace_period(tmp_path: Path) -> None:
    async with cluster_in(tmp_path) as cluster:
        script = 'trap "" TERM; echo deaf; while true; do sleep 0.1; done'
        await cluster.create(job("j", "sh", "-c", script, pod={"terminationGracePeriodSeconds": 0.3}))
        pod = await running_pod(cluster)
        await eventually_true(log_of(tmp_path, pod).read_text)
        group = await group_of(tmp_path, pod)
    assert await gone(group)
    [left] = of_kind(tmp_path / "state", Kind.POD)
    assert exit_code(left) == 137
