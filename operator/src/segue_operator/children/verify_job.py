"""The Job that proves a batch complete."""

from __future__ import annotations

from segue_jobs.contract import VerifyArguments
from segue_operator.api.constants import Component
from segue_operator.api.objects import Manifest
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.batch_job import build_batch_job
from segue_operator.children.config import ChildConfig
from segue_operator.children.source import source_options

BACKOFF_LIMIT = 3


def build_verify_job(batch: TrackBatch, config: ChildConfig, recipes: tuple[str, ...] = ()) -> Manifest:
    """Verify Job of a batch; files that came after the batch had begun are no part of it.

    Parameters
    ----------
    recipes
        What the shards say they extracted by; a track that is stored under another recipe is not done.
    """
    arguments = VerifyArguments(**source_options(batch), started_at=batch.status.start_time, recipe=recipes)
    counts = {"backoffLimit": BACKOFF_LIMIT, "completions": 1, "parallelism": 1}
    return build_batch_job(batch, config, Component.VERIFY, arguments, counts, on_unrecoverable="FailJob")
