"""The Job that proves a batch complete."""

from __future__ import annotations

from typing import Any

from segue_jobs.contract import ExitCode, VerifyArguments
from segue_operator.api.constants import Component
from segue_operator.api.objects import API_VERSIONS, Kind, Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.config import ChildConfig
from segue_operator.children.extract_job import ON_DISRUPTION, on_exit_code
from segue_operator.children.metadata import labels, metadata
from segue_operator.children.naming import child_name
from segue_operator.children.pod import pod_spec
from segue_operator.children.pod_overrides import override_pod
from segue_operator.children.source import source_options

BACKOFF_LIMIT = 3


def build_verify_job(batch: TrackBatch, config: ChildConfig) -> Manifest:
    """Verify Job of a batch; files that came after the batch had begun are no part of it."""
    arguments = VerifyArguments(**source_options(batch), started_at=batch.status.start_time)
    pod = pod_spec(
        config,
        Component.VERIFY,
        command=VerifyArguments.command(),
        arguments=arguments.to_argv(),
        restart_policy="Never",
        volume=batch.spec.source.volume,
    )
    template = {"metadata": {"labels": labels(batch, Component.VERIFY)}, "spec": pod}
    spec: dict[str, Any] = {
        "backoffLimit": BACKOFF_LIMIT,
        "completions": 1,
        "parallelism": 1,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                on_exit_code(Component.VERIFY, ExitCode.CONFIGURATION, "FailJob"),
                on_exit_code(Component.VERIFY, ExitCode.UNRECOVERABLE, "FailJob"),
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
        "metadata": metadata(batch, child_name(batch.metadata.name, Component.VERIFY), Component.VERIFY),
        "spec": spec,
    }
