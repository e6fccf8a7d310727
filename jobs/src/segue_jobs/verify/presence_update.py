"""Writes where the source's tracks are, as the batch's listing found them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from segue_core.contract import VerifyArguments
from segue_core.contract.times import timestamp
from segue_core.errors import ProgramError
from segue_core.store.database import Database
from segue_core.store.presence import Presence, read_presence, read_source, write_presence
from segue_core.store.tracks import delete_tracks
from segue_jobs.verify.evidence import Evidence
from segue_jobs.verify.presence_plan import Look, PresencePlan, plan_presence

logger = logging.getLogger(__name__)

_ATTEMPTS = 10


def look_of(evidence: Evidence, arguments: VerifyArguments) -> Look:
    """What this verification sees."""
    return Look(
        catalogue=arguments.catalogue,
        source=evidence.catalogue.source,
        batch_uid=arguments.batch_uid,
        now=timestamp(datetime.now(UTC)),
        policy=arguments.missing,
        maximum_percent=arguments.maximum_missing_percent,
        found=evidence.found,
        own=evidence.own,
        unreadable_folders=evidence.unreadable_folders,
    )


def update_presence(target: Database, look: Look) -> PresencePlan:
    """Write what has changed, unless too much is gone.

    Raises
    ------
    ProgramError
        Other batches keep changing the same tracks.
    """
    for _ in range(_ATTEMPTS):
        plan = plan_presence(look, _known(target, look))
        if plan.exceeds(look.maximum_percent):
            return plan
        if write_presence(target, plan.written):
            deleted = delete_tracks(target, look.catalogue, plan.deleted)
            logger.info("presence written", extra={**plan.changes, "documents": len(plan.written), "deleted": deleted})
            return plan
    raise ProgramError("other batches keep changing the same tracks: a retry may find them at rest")


def _known(target: Database, look: Look) -> dict[str, Presence]:
    known = {found.track_id: found for found in read_source(target, look.catalogue, look.source.name)}
    others = [track_id for track_id in {*look.found, *look.own} if track_id not in known]
    known.update((found.track_id, found) for found in read_presence(target, look.catalogue, others))
    return known
