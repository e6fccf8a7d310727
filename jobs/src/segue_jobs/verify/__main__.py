"""``python -m segue_jobs.verify``: prove that every listed track of a batch is stored or rejected with a reason."""

from __future__ import annotations

import logging
import sys

from pymongo.errors import ConnectionFailure

from segue_jobs.contract import ExitCode, VerifyArguments, VerifySummary
from segue_jobs.listing.model import Listing
from segue_jobs.listing.source import list_source
from segue_jobs.runtime.mongodb import connect, database, ensure_indexes
from segue_jobs.runtime.program import Outcome, Program, ProgramError, run
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_jobs.verify.account import Account, Fate, advice
from segue_jobs.verify.evidence import read_account, split_late
from segue_jobs.verify.progress import wait_for_sink

logger = logging.getLogger(__name__)

_NAMED_MISSING = 20
_NAMED_IN_ERROR = 5


def main(arguments: VerifyArguments, program: Program) -> Outcome:
    """Verify one batch."""
    kafka, mongo = KafkaSettings.from_environment(), MongoSettings.from_environment()
    ensure_topics(kafka)
    wait_for_sink(kafka, arguments.stall_seconds, program.stopping)
    listing = list_source(arguments)
    with connect(mongo) as client:
        target = database(client, mongo)
        ensure_indexes(target)
        try:
            account = read_account(target, arguments, listing)
        except ConnectionFailure as error:
            raise ProgramError(f"MongoDB at {mongo.address} went away while the batch was read") from error
    summary = summarise(account, arguments, listing)
    logger.info("batch verified", extra={"account": summary.encode()})
    return Outcome(summary, ExitCode.UNRECOVERABLE if summary.missing else ExitCode.DONE)


def summarise(account: Account, arguments: VerifyArguments, listing: Listing) -> VerifySummary:
    """Account to summary: listed is stored, rejected and missing together; what came later is counted apart."""
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
        arrived_later=len(late),
        missing=len(missing),
        first_missing=names,
    )


if __name__ == "__main__":
    sys.exit(run(VerifyArguments, main))
