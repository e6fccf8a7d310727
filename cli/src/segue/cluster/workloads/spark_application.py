"""The SparkApplication controller: one driver pod that runs ``spark-submit`` on this machine. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from segue.cluster.pods import is_disrupted, is_finished, is_terminating, phase, terminated
from segue.cluster.workloads.changes import Changes, changed, pod_of
from segue_operator.kinds.constants import Label
from segue_operator.kinds.objects import Key, Manifest

_FINAL = ("COMPLETED", "FAILED")


def reconcile_spark_application(application: Manifest, pods: Sequence[Manifest]) -> Changes:
    """One step: submit, follow the driver pod, record its end; ``suspend`` ends the driver until it is lifted.

    A driver that ended because the local cluster did is submitted again.

    Parameters
    ----------
    application
        The SparkApplication.
    pods
        The driver pod, if it exists.
    """
    state = application.get("status", {}).get("applicationState", {}).get("state")
    if state in _FINAL:
        return Changes()
    pod = next(iter(pods), None)
    gone = () if pod is None else (Key.of(pod),)
    if application["spec"].get("suspend"):
        return Changes(_state(application, "SUSPENDED"), delete=gone)
    if pod is None:
        return Changes(_state(application, "SUBMITTED"), create=(driver_pod(application),))
    if is_terminating(pod):
        return Changes()
    if is_finished(pod) and is_disrupted(pod):
        return Changes(_state(application, "PENDING_RERUN"), delete=gone)
    return Changes(_followed(application, pod))


def _followed(application: Manifest, pod: Manifest) -> dict[str, Any] | None:
    match phase(pod):
        case "Pending":
            return None
        case "Failed":
            code = terminated(pod).get("exitCode")
            return _state(application, "FAILED", f"driver container failed with ExitCode: {code}, Reason: Error")
        case other:
            return _state(application, "COMPLETED" if other == "Succeeded" else "RUNNING")


def _state(application: Manifest, state: str, message: str = "") -> dict[str, Any] | None:
    error = {"errorMessage": message} if message else {}
    return changed({"applicationState": {"state": state, **error}}, application)


def driver_pod(application: Manifest) -> Manifest:
    """The driver's pod: the application's own pod template with ``spark-submit`` for its command."""
    spec = application["spec"]
    driver, name = spec["driver"], f"{Key.of(application).name}-driver"
    pod_spec = copy.deepcopy(driver["template"]["spec"])
    pod_spec["restartPolicy"] = "Never"
    pod_spec["containers"][0] |= {"command": ["spark-submit"], "args": _submit_arguments(spec)}
    metadata = {field: driver.get(field) for field in ("labels", "annotations")}
    return pod_of(application, {"metadata": metadata, "spec": pod_spec}, {str(Label.SPARK_ROLE): "driver"}, name=name)


def _submit_arguments(spec: Mapping[str, Any]) -> list[str]:
    arguments = ["--master", "local[*]", "--driver-memory", spec["driver"]["memory"]]
    for name, value in sorted(spec["sparkConf"].items()):
        if not name.startswith("spark.kubernetes."):
            arguments += ["--conf", f"{name}={value}"]
    return [*arguments, spec["mainApplicationFile"], *spec["arguments"]]
