"""What the Jobs of a batch share: one pod template, run to completion, with retries decided by exit codes."""

from __future__ import annotations

from typing import Any, Literal

from segue_core.contract import ExitCode
from segue_core.contract.commandline import Arguments
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import labels, metadata
from segue_operator.children.naming import child_name
from segue_operator.children.override_pod import override_pod
from segue_operator.children.pod import pod_spec
from segue_operator.kinds.constants import Component
from segue_operator.kinds.objects import Kind, Manifest, type_meta
from segue_operator.kinds.trackbatch import TrackBatch

_ON_DISRUPTION: dict[str, Any] = {
    "action": "Ignore",
    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
}
"""A pod that the cluster evicted does not count as a failure."""


def build_batch_job(
    batch: TrackBatch,
    config: ChildConfig,
    component: Component,
    arguments: Arguments,
    counts: dict[str, Any],
    *,
    on_unrecoverable: Literal["FailIndex", "FailJob"],
) -> Manifest:
    """Job of a batch.

    Parameters
    ----------
    component
        The program, which is also the container's name.
    arguments
        The program's command line.
    counts
        Fields of the spec that set the number of pods and of retries.
    on_unrecoverable
        What fails with a pod that cannot succeed: its index, or the whole Job.
    """
    pod = pod_spec(
        config,
        component,
        command=arguments.command(),
        arguments=arguments.to_argv(),
        restart_policy="Never",
        volume=batch.spec.source.volume,
    )
    template = {"metadata": {"labels": labels(batch, component)}, "spec": pod}
    spec: dict[str, Any] = {
        **counts,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                _on_exit_code(component, ExitCode.CONFIGURATION, "FailJob"),
                _on_exit_code(component, ExitCode.UNRECOVERABLE, on_unrecoverable),
                _on_exit_code(component, ExitCode.OUTAGE, "Ignore"),
                _ON_DISRUPTION,
            ]
        },
        "suspend": batch.spec.suspend,
        "template": override_pod(template, batch.spec.pod_overrides),
    }
    if batch.spec.active_deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = batch.spec.active_deadline_seconds
    return {
        **type_meta(Kind.JOB),
        "metadata": metadata(batch, child_name(batch.metadata.name, component), component),
        "spec": spec,
    }


def _on_exit_code(container: str, code: ExitCode, action: str) -> dict[str, Any]:
    """Rule of a podFailurePolicy for one exit code."""
    return {
        "action": action,
        "onExitCodes": {"containerName": str(container), "operator": "In", "values": [int(code)]},
    }
