"""The Job that verifies that a batch is complete."""

from __future__ import annotations

from segue_core.contract import VerifyArguments
from segue_operator.children.batch_job import build_batch_job
from segue_operator.children.config import ChildConfig
from segue_operator.children.source_options import source_options
from segue_operator.kinds.constants import Component
from segue_operator.kinds.objects import Manifest
from segue_operator.kinds.trackbatch import TrackBatch

BACKOFF_LIMIT = 3


def build_verify_job(batch: TrackBatch, config: ChildConfig, recipes: tuple[str, ...] = ()) -> Manifest:
    """Verify Job of a batch; files that appeared after the batch started are not part of it.

    Parameters
    ----------
    recipes
        Recipes that the shards report; a track stored under another recipe does not count.
    """
    arguments = VerifyArguments(
        **source_options(batch),
        started_at=batch.status.start_time,
        recipe=recipes,
        missing=batch.spec.source.missing,
        maximum_missing_percent=batch.spec.source.max_missing_percent,
    )
    counts = {"backoffLimit": BACKOFF_LIMIT, "completions": 1, "parallelism": 1}
    return build_batch_job(batch, config, Component.VERIFY, arguments, counts, on_unrecoverable="FailJob")
