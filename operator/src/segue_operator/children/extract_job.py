"""The Indexed Job that extracts a batch: one index a shard."""

from __future__ import annotations

from typing import Any

from segue_jobs.contract import ExitCode, ExtractArguments
from segue_operator.api.constants import Component
from segue_operator.api.objects import API_VERSIONS, Kind, Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import labels, metadata
from segue_operator.children.naming import child_name
from segue_operator.children.pod import pod_spec
from segue_operator.children.pod_overrides import override_pod
from segue_operator.children.source import source_options


def on_exit_code(container: str, code: ExitCode, action: str) -> dict[str, Any]:
    """Rule of a podFailurePolicy for one exit code."""
    return {
        "action": action,
        "onExitCodes": {"containerName": str(container), "operator": "In", "values": [int(code)]},
    }


ON_DISRUPTION: dict[str, Any] = {
    "action": "Ignore",
    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
}
"""A pod that the cluster took away is no failure of the program."""


def build_extract_job(batch: TrackBatch, config: ChildConfig) -> Manifest:
    """Extract Job of a batch; it has no TTL, since its pods are the evidence until the batch itself goes."""
    extraction = batch.spec.extraction
    arguments = ExtractArguments(
        **source_options(batch),
        engine=extraction.engine,
        window_position=extraction.window.position,
        window_seconds=extraction.window.seconds,
        minimum_seconds=extraction.minimum_seconds,
        maximum_megabytes=extraction.maximum_megabytes,
        track_timeout_seconds=extraction.track_timeout_seconds,
    )
    pod = pod_spec(
        config,
        Component.EXTRACT,
        command=ExtractArguments.command(),
        arguments=arguments.to_argv(),
        restart_policy="Never",
        volume=batch.spec.source.volume,
    )
    template = {"metadata": {"labels": labels(batch, Component.EXTRACT)}, "spec": pod}
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "completions": extraction.shards,
        "parallelism": extraction.parallelism,
        "backoffLimitPerIndex": extraction.backoff_limit_per_shard,
        "maxFailedIndexes": extraction.shards,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                on_exit_code(Component.EXTRACT, ExitCode.CONFIGURATION, "FailJob"),
                on_exit_code(Component.EXTRACT, ExitCode.UNRECOVERABLE, "FailIndex"),
                ON_DISRUPTION,
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
        "metadata": metadata(batch, child_name(batch.metadata.name, Component.EXTRACT), Component.EXTRACT),
        "spec": spec,
    }
