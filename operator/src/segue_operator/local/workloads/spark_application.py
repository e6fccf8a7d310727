"""The SparkApplication controller: one driver pod that runs ``spark-submit`` on this machine. Pure."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from segue_operator.api.objects import Key, Manifest
from segue_operator.local.times import timestamp
from segue_operator.local.workloads.pods import (
    Outcome,
    exit_codes,
    has_condition,
    is_finished,
    is_terminating,
    phase,
    pod_of,
)

DRIVER_CONTAINER = "spark-kubernetes-driver"
_FINAL = ("COMPLETED", "FAILED")


def reconcile_spark_application(application: Manifest, pods: Sequence[Manifest], now: datetime) -> Outcome:
    """One step: submit, follow the driver pod, record its end; ``suspend`` ends the driver until it is lifted.

    A driver that ended because the local cluster did (condition DisruptionTarget) is submitted again.

    Parameters
    ----------
    application
        The SparkApplication.
    pods
        The driver pod, if it exists.
    now
        The time, with time zone.
    """
    old = application.get("status") or {}
    state = old.get("applicationState", {}).get("state", "")
    if state in _FINAL:
        return Outcome()
    pod = next(iter(pods), None)
    if application["spec"].get("suspend"):
        status = _with_state(old, "SUSPENDED" if pod is None else "SUSPENDING", "")
        return Outcome(_changed(status, old), delete=() if pod is None else (Key.of(pod),))
    if pod is None:
        if state == "SUBMITTED":
            return Outcome(create=(driver_pod(application),))
        return Outcome(_submitted(application, now))  # stored first, so that a restart does not submit twice
    return Outcome() if is_terminating(pod) else _follow(old, pod, now)


def _follow(old: Mapping[str, Any], pod: Manifest, now: datetime) -> Outcome:
    if is_finished(pod) and has_condition(pod, "DisruptionTarget", "True"):
        return Outcome(_with_state(old, "PENDING_RERUN", "the driver was stopped"), delete=(Key.of(pod),))
    return Outcome(_changed(_followed(old, pod, now), old))


def _changed(status: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any] | None:
    return None if status == old else status


def _with_state(old: Mapping[str, Any], state: str, message: str) -> dict[str, Any]:
    status = copy.deepcopy(dict(old))
    status["applicationState"] = {"state": state, "errorMessage": message} if message else {"state": state}
    return status


def _submitted(application: Manifest, now: datetime) -> dict[str, Any]:
    old = application.get("status") or {}
    status = _with_state(old, "SUBMITTED", "")
    uid = uuid.UUID(application["metadata"]["uid"])
    attempt = int(old.get("submissionAttempts", 0)) + 1
    return status | {
        "submissionID": str(uuid.uuid5(uid, str(attempt))),
        "submissionAttempts": attempt,
        "executionAttempts": attempt,
        "lastSubmissionAttemptTime": timestamp(now),
        "sparkApplicationId": f"spark-{uuid.uuid5(uid, str(attempt)).hex}",
        "driverInfo": {"podName": f"{Key.of(application).name}-driver"},
        "terminationTime": None,
    }


def _followed(old: Mapping[str, Any], pod: Manifest, now: datetime) -> dict[str, Any]:
    match phase(pod):
        case "Running":
            return _with_state(old, "RUNNING", "")
        case "Succeeded":
            return _with_state(old, "COMPLETED", "") | {"terminationTime": timestamp(now)}
        case "Failed":
            code = next(iter(exit_codes(pod).values()), None)
            message = f"driver container failed with ExitCode: {code}, Reason: Error"
            return _with_state(old, "FAILED", message) | {"terminationTime": timestamp(now)}
        case _:
            return dict(old)


def driver_pod(application: Manifest) -> Manifest:
    """The driver's pod: the application's own template, environment and arguments under ``spark-submit``."""
    spec, key = application["spec"], Key.of(application)
    driver = spec.get("driver") or {}
    template = copy.deepcopy(driver.get("template") or {})
    containers = (template.get("spec") or {}).get("containers") or [{}]
    container = containers[0]
    container["name"] = DRIVER_CONTAINER
    container["env"] = [*(container.get("env") or ()), *_environment(driver)]
    container["envFrom"] = [*(container.get("envFrom") or ()), *(driver.get("envFrom") or ())]
    container["volumeMounts"] = [*(container.get("volumeMounts") or ()), *(driver.get("volumeMounts") or ())]
    container["command"] = ["spark-submit"]
    container["args"] = _submit_arguments(spec)
    pod_spec = dict(template.get("spec") or {})
    pod_spec["volumes"] = [*(pod_spec.get("volumes") or ()), *(spec.get("volumes") or ())]
    pod_spec |= {"containers": [container], "restartPolicy": "Never"}
    labels = {
        **(driver.get("labels") or {}),
        "spark-role": "driver",
        "sparkoperator.k8s.io/app-name": key.name,
        "sparkoperator.k8s.io/launched-by-spark-operator": "true",
        "sparkoperator.k8s.io/submission-id": application.get("status", {}).get("submissionID", ""),
    }
    pod = pod_of(
        application,
        {"metadata": template.get("metadata"), "spec": pod_spec},
        labels=labels,
        annotations=driver.get("annotations") or {},
    )
    pod["metadata"]["name"] = f"{key.name}-driver"
    return pod


def _environment(driver: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The driver's variables, also those in the API's older forms."""
    listed = list(driver.get("env") or ())
    listed += [{"name": name, "value": value} for name, value in (driver.get("envVars") or {}).items()]
    listed += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": source["name"], "key": source["key"]}}}
        for name, source in (driver.get("envSecretKeyRefs") or {}).items()
    ]
    return listed


def _submit_arguments(spec: Mapping[str, Any]) -> list[str]:
    arguments = ["--master", "local[*]"]
    memory = (spec.get("driver") or {}).get("memory")
    if memory:
        arguments += ["--driver-memory", str(memory)]
    for name, value in sorted((spec.get("sparkConf") or {}).items()):
        if not name.startswith("spark.kubernetes."):
            arguments += ["--conf", f"{name}={value}"]
    return [*arguments, spec["mainApplicationFile"], *(str(argument) for argument in spec.get("arguments") or ())]
