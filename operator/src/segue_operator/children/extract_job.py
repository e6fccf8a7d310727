"""The Indexed Job that extracts a batch: one index for each shard."""

from __future__ import annotations

import posixpath

from segue_core.contract import PUBLISHED_EAR, ExtractArguments
from segue_operator.children.batch_job import build_batch_job
from segue_operator.children.config import ChildConfig
from segue_operator.children.pod import source_path
from segue_operator.children.source_options import source_options, volume_name
from segue_operator.kinds.constants import Component
from segue_operator.kinds.objects import Manifest
from segue_operator.kinds.trackbatch import TrackBatch


def build_extract_job(batch: TrackBatch, config: ChildConfig) -> Manifest:
    """Extract Job of a batch; it has no TTL: its pods are evidence until the batch is deleted."""
    extraction = batch.spec.extraction
    learned = extraction.learned
    ear = None if learned is None else PUBLISHED_EAR if learned.path is None else source_path(learned.path)
    arguments = ExtractArguments(
        **source_options(batch),
        engine=extraction.engine,
        ear=ear,
        ear_sha256=None if learned is None else learned.sha256,
        window_position=extraction.window.position,
        window_seconds=extraction.window.seconds,
        minimum_seconds=extraction.minimum_seconds,
        volume=volume_name(batch.spec.source.volume, batch.metadata.namespace),
        folder=posixpath.normpath(batch.spec.source.audio_path),
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
