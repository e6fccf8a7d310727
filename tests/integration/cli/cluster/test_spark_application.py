"""A SparkApplication runs as spark-submit on this machine, and its state is what the Spark operator would say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from segue.cluster.local_cluster import LocalCluster
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.workloads import key, manifest

APPLICATION = """
import json, os, sys
from pathlib import Path
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
seen = {
    "arguments": sys.argv[1:],
    "partitions": spark.conf.get("spark.sql.shuffle.partitions"),
    "master": spark.sparkContext.master,
    "variable": os.environ["GREETING"],
    "kafka": spark._jvm.java.lang.Class.forName("org.apache.spark.sql.kafka010.KafkaSourceProvider") is not None,
}
spark.stop()
Path(os.environ["SEGUE_TERMINATION_LOG"]).write_text(json.dumps(seen))
sys.exit(int(sys.argv[1]))
"""


def application(name: str, script: Path, code: int) -> Manifest:
    variable = {"name": "GREETING", "value": "hello"}
    driver = {"memory": "512m", "template": {"spec": {"containers": [{"name": "x", "env": [variable]}]}}}
    spec = {
        "type": "Python",
        "mainApplicationFile": str(script),
        "arguments": [str(code)],
        "sparkConf": {"spark.sql.shuffle.partitions": "3", "spark.kubernetes.driver.pod.name": "x"},
        "restartPolicy": {"type": "Never"},
        "driver": driver,
    }
    return manifest(Kind.SPARK_APPLICATION, name, spec)


async def ended(cluster: LocalCluster, wanted: Key) -> tuple[list[str], str]:
    """The states that an application went through, and its error."""
    states: list[str] = []
    async for event in cluster.watch([Kind.SPARK_APPLICATION]):
        if Key.of(event.object) != wanted or "status" not in event.object:
            continue
        state = event.object["status"]["applicationState"]
        if [state["state"]] != states[-1:]:
            states.append(state["state"])
        if state["state"] in ("COMPLETED", "FAILED"):
            return states, state.get("errorMessage", "")
    raise AssertionError("the watch ended")


@pytest.mark.slow
async def test_applications_complete_and_fail_with_their_exit_codes(tmp_path: Path) -> None:
    script = tmp_path / "application.py"
    script.write_text(APPLICATION)
    async with LocalCluster(tmp_path / "state") as cluster, asyncio.timeout(120):
        for name, code in (("good", 0), ("bad", 3)):
            await cluster.create(application(name, script, code))
        assert await ended(cluster, key(Kind.SPARK_APPLICATION, "good")) == (["SUBMITTED", "RUNNING", "COMPLETED"], "")
        states, error = await ended(cluster, key(Kind.SPARK_APPLICATION, "bad"))
        assert states[-1] == "FAILED"
        assert "ExitCode: 3" in error
        driver = await cluster.get(key(Kind.POD, "good-driver"))
    assert driver is not None
    assert driver["metadata"]["labels"]["spark-role"] == "driver"
    message = driver["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    assert json.loads(message) == {
        "arguments": ["0"], "partitions": "3", "master": "local[*]", "variable": "hello", "kafka": True,
    }  # fmt: skip
