"""The Indexed Job that extracts a batch: one index a shard."""

from __future__ import annotations

from segue_jobs.contract import ExtractArguments
from segue_operator.api.constants import Component
from segue_operator.api.objects import Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.batch_job import build_batch_job
from segue_operator.children.config import ChildConfig
from segue_operator.children.source import source_options


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
    counts = {
        "completionMode": "Indexed",
        "completions": extraction.shards,
        "parallelism": extraction.parallelism,
        "backoffLimitPerIndex": extraction.backoff_limit_per_shard,
        "maxFailedIndexes": extraction.shards,
    }
    return build_batch_job(batch, config, Component.EXTRACT, arguments, counts, on_unrecoverable="FailIndex")
