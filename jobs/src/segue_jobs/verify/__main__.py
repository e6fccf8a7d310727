"""``python -m segue_jobs.verify``: prove that every listed track of a batch is stored or rejected with a reason."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace

from pymongo.errors import ConnectionFailure

from segue_core.broker.topics import ensure_topics
from segue_core.contract import ExitCode, VerifyArguments, VerifySummary
from segue_core.errors import OutageError, ProgramError
from segue_core.program import Program, Termination, run
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import connect, database
from segue_core.store.schema import prepare
from segue_jobs.listing.batch_source import list_source
from segue_jobs.listing.listed_tracks import Listing
from segue_jobs.verify.batch_account import BatchAccount, Fate, advice
from segue_jobs.verify.evidence import read_evidence, split_late
from segue_jobs.verify.presence_plan import Change, Look, PresencePlan, too_many_missing
from segue_jobs.verify.presence_update import look_of, update_presence
from segue_jobs.verify.sink_progress import wait_for_sink

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
"""How long to look for the database when the sink stalls."""
_NAMED_MISSING = 20
_NAMED_IN_ERROR = 5
_NAMED_LINKS = 10


def main(arguments: VerifyArguments, program: Program) -> Termination:
    """Verify one batch."""
    kafka, mongo = KafkaSettings.from_environment(), MongoSettings.from_environment()
    ensure_topics(kafka)
    _wait_for_sink(kafka, mongo, arguments, program)
    listing = list_source(arguments)
    with connect(mongo) as client:
        target = database(client, mongo)
        prepare(target)
        try:
            evidence = read_evidence(target, arguments, listing)
            look = look_of(evidence, arguments)
            plan = update_presence(target, look)
        except ConnectionFailure as error:
            raise OutageError(f"the connection to MongoDB at {mongo.address} broke while the batch was read") from error
    summary = with_changes(summarise(evidence.account, arguments, listing), plan, look)
    logger.info("batch verified", extra={"account": summary.encode()})
    failed = summary.missing or summary.too_many_missing
    return Termination(summary, ExitCode.UNRECOVERABLE if failed else ExitCode.DONE)


def _wait_for_sink(kafka: KafkaSettings, mongo: MongoSettings, arguments: VerifyArguments, program: Program) -> None:
    """Wait for the sink; if it stalls because the database is down, that is no failure of the batch."""
    try:
        wait_for_sink(kafka, arguments.stall_seconds, program.stopping)
    except OutageError:
        raise
    except ProgramError as error:
        with connect(mongo, timeout_seconds=_LOOK_SECONDS) as client:
            try:
                client.admin.command("ping")
            except ConnectionFailure:
                raise OutageError(f"MongoDB at {mongo.address} does not answer, and {error}") from error
        raise


def with_changes(summary: VerifySummary, plan: PresencePlan, look: Look) -> VerifySummary:
    """Add what came, went, moved and changed, or why nothing was changed."""
    if plan.exceeds(look.maximum_percent):
        return replace(summary, too_many_missing=True, error=too_many_missing(plan, look))
    return replace(
        summary,
        added=plan.changes[Change.ADDED],
        removed=plan.changes[Change.REMOVED],
        moved=plan.changes[Change.MOVED],
        changed=plan.changes[Change.CHANGED],
    )


def summarise(account: BatchAccount, arguments: VerifyArguments, listing: Listing) -> VerifySummary:
    """Summarise an account: listed is the sum of stored, rejected and missing; late arrivals are counted separately."""
    missing, late = split_late(account, arguments)
    listed = len(listing.tracks) - len(late)
    names = [track.track_id for track in missing[:_NAMED_MISSING]]
    outdated = len(set(missing) & set(account.outdated))
    return VerifySummary(
        error=advice(names[:_NAMED_IN_ERROR], len(missing), listed, outdated=outdated) if missing else None,
        listed=listed,
        stored=account.fates[Fate.EXTRACTED] + account.fates[Fate.SKIPPED],
        extracted=account.fates[Fate.EXTRACTED],
        skipped=account.fates[Fate.SKIPPED],
        rejected=account.fates[Fate.REJECTED],
        rejected_by_reason=dict(account.reasons),
        ignored_rows=listing.ignored_rows,
        alternatives=account.alternatives,
        passed_over=dict(listing.passed_over),
        links_passed_over=list(listing.links_passed_over[:_NAMED_LINKS]),
        arrived_later=len(late),
        missing=len(missing),
        first_missing=names,
    )


if __name__ == "__main__":
    sys.exit(run(VerifyArguments, main))
