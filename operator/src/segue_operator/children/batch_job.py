"""What the Jobs of a batch have in common: one pod template, run to its end, judged by exit codes."""

from __future__ import annotations

from typing import Any, Literal

from segue_jobs.commandline import Arguments
from segue_jobs.contract import ExitCode
from segue_operator.api.constants import Component
from segue_operator.api.objects import API_VERSIONS, Kind, Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import labels, metadata
from segue_operator.children.naming import child_name
from segue_operator.children.pod import pod_spec
from segue_operator.children.pod_overrides import override_pod

_ON_DISRUPTION: dict[str, Any] = {
    "action": "Ignore",
    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
}
"""A pod that the cluster took away is no failure of the program."""


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
        Which program; its container has the same name.
    arguments
        The program's command line.
    counts
        Fields of the spec that say how many pods run, and how often they are tried.
    on_unrecoverable
        What a pod that cannot succeed ends with it: its shard, or all.
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
                _ON_DISRUPTION,
            ]
        },
        "suspend": batch.spec.suspend,
        "template": override_pod(template, batch.spec.pod_overrides),
    }
    if batch.spec.active_deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = batch.spec.active_deadline_seconds
    return {
        "apiVersion": API_VERSIONS[Kind.JOB],
        "kind": str(Kind.JOB),
        "metadata": metadata(batch, child_name(batch.metadata.name, component), component),
        "spec": spec,
    }


def _on_exit_code(container: str, code: ExitCode, action: str) -> dict[str, Any]:
    """Rule of a podFailurePolicy for one exit code."""
    return {
        "action": action,
        "onExitCodes": {"containerName": str(container), "operator": "In", "values": [int(code)]},
    }
