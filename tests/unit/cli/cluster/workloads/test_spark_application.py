"""The SparkApplication controller follows its driver as the Spark operator does."""

from __future__ import annotations

from typing import Any

import pytest

from segue.cluster.workloads.changes import Changes
from segue.cluster.workloads.spark_application import driver_pod, reconcile_spark_application
from segue_core.contract import TRAIN_APPLICATION_FILE
from segue_operator.kinds.objects import Kind, Manifest
from support.workloads import manifest, pod, stored

SPEC: dict[str, Any] = {
    "type": "Python",
    "mainApplicationFile": TRAIN_APPLICATION_FILE,
    "arguments": ["--catalogue=fma"],
    "sparkConf": {"spark.kubernetes.x": "y", "spark.sql.shuffle.partitions": "4"},
    "driver": {
        "memory": "1g",
        "labels": {"segue.dev/trainingrun": "r"},
        "annotations": {"team": "music"},
        "template": {"spec": {"containers": [{"name": "x", "env": [{"name": "A", "value": "1"}]}]}},
    },
}


def application(status: dict[str, Any] | None = None, **spec: Any) -> Manifest:
    return stored(manifest(Kind.SPARK_APPLICATION, "r-1", {**SPEC, **spec})) | {"status": status or {}}


def in_state(state: str) -> dict[str, Any]:
    return {"applicationState": {"state": state}}


def test_the_driver_is_made_once() -> None:
    first = reconcile_spark_application(application(), [])
    assert first.status == in_state("SUBMITTED")
    assert [created["metadata"]["name"] for created in first.create] == ["r-1-driver"]
    starting = pod("r-1-driver", phase="Pending")
    assert reconcile_spark_application(application(in_state("SUBMITTED")), [starting]) == Changes()


@pytest.mark.parametrize(
    ("driver", "state"),
    [
        (pod("r-1-driver"), "RUNNING"),
        (pod("r-1-driver", exit_code=0), "COMPLETED"),
        (pod("r-1-driver", exit_code=3), "FAILED"),
    ],
)
def test_state_follows_the_driver(driver: Manifest, state: str) -> None:
    outcome = reconcile_spark_application(application(in_state("SUBMITTED")), [driver])
    assert outcome.status is not None
    assert outcome.status["applicationState"]["state"] == state


def test_failure_names_the_exit_code() -> None:
    outcome = reconcile_spark_application(application(in_state("RUNNING")), [pod("d", exit_code=3)])
    assert outcome.status is not None
    assert "ExitCode: 3" in outcome.status["applicationState"]["errorMessage"]


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED"])
def test_ended_application_stays_as_it_is(state: str) -> None:
    outcome = reconcile_spark_application(application(in_state(state)), [])
    assert (outcome.status, outcome.create, outcome.delete) == (None, (), ())


def test_driver_that_the_local_cluster_stopped_is_submitted_again() -> None:
    lost = pod("r-1-driver", exit_code=143, conditions=[{"type": "DisruptionTarget", "status": "True"}])
    outcome = reconcile_spark_application(application(in_state("RUNNING")), [lost])
    assert [deleted.name for deleted in outcome.delete] == ["r-1-driver"]
    assert outcome.status is not None
    again = reconcile_spark_application(application(dict(outcome.status)), [])
    assert again.status is not None
    assert again.status["applicationState"]["state"] == "SUBMITTED"
    assert [created["metadata"]["name"] for created in again.create] == ["r-1-driver"]


def test_suspended_application_ends_its_driver_and_is_submitted_again_when_resumed() -> None:
    running = application(in_state("RUNNING"), suspend=True)
    outcome = reconcile_spark_application(running, [pod("r-1-driver")])
    assert [deleted.name for deleted in outcome.delete] == ["r-1-driver"]
    assert outcome.status is not None
    assert outcome.status["applicationState"]["state"] == "SUSPENDED"
    resumed = reconcile_spark_application(application(dict(outcome.status)), [])
    assert resumed.status is not None
    assert resumed.status["applicationState"]["state"] == "SUBMITTED"


def test_driver_pod_has_the_applications_command_environment_and_labels() -> None:
    driver = driver_pod(application())
    [container] = driver["spec"]["containers"]
    assert container["command"] == ["spark-submit"]
    assert container["args"] == [
        "--master", "local[*]", "--driver-memory", "1g", "--conf", "spark.sql.shuffle.partitions=4",
        TRAIN_APPLICATION_FILE, "--catalogue=fma",
    ]  # fmt: skip
    assert [variable["name"] for variable in container["env"]] == ["A"]
    assert driver["metadata"]["annotations"] == {"team": "music"}
    assert (
        driver["metadata"]["labels"] | {"spark-role": "driver", "segue.dev/trainingrun": "r"}
        == driver["metadata"]["labels"]
    )
    assert driver["spec"]["restartPolicy"] == "Never"
