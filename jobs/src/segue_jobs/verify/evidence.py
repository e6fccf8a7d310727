"""What MongoDB and the source say about a batch's tracks."""

from __future__ import annotations

import os
from collections.abc import Collection as AbstractCollection
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pymongo.read_concern import ReadConcern

from segue_core.contract import Reason, Stage, VerifyArguments
from segue_core.contract.times import parse_timestamp
from segue_core.identity.catalogue import Catalogue
from segue_core.identity.stored_tracks import own_rows, owner_of, stored_track
from segue_core.store.database import Database
from segue_core.store.rejections import read_rejections
from segue_core.store.tracks import TrackRow, rows_with_ids
from segue_jobs.listing.batch_source import source_of
from segue_jobs.listing.listed_tracks import ListedTrack, Listing
from segue_jobs.listing.track_ids import printable
from segue_jobs.verify.batch_account import BatchAccount, Expectation, Fate, NewestRejection, Stored
from segue_jobs.verify.presence_plan import Found

_DURABLE = ReadConcern("majority")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What MongoDB says about a batch."""

    account: BatchAccount
    catalogue: Catalogue
    found: dict[str, Found]
    """Id -> the stored track that is listed."""
    own: dict[str, TrackRow]
    """Id -> every stored track of the source."""
    unreadable_folders: tuple[str, ...]


def read_evidence(target: Database, arguments: VerifyArguments, listing: Listing) -> Evidence:
    """Account for every listed track; from the tracks, read only ids, batches, sources, recipes and times."""
    durable = target.with_options(read_concern=_DURABLE)
    rejections = _rejections(durable, arguments, {track.track_id for track in listing.tracks})
    source = source_of(arguments)
    rows = {row.track_id: row for row in own_rows(durable, arguments.catalogue, source)}
    own = dict(rows)
    others = (track.track_id for track in listing.tracks if track.track_id not in own)
    rows.update((row.track_id, row) for row in rows_with_ids(durable, arguments.catalogue, others))
    catalogue = Catalogue(source, map(stored_track, rows.values()))
    account, found = BatchAccount(_expectation(arguments)), dict[str, Found]()
    stored = {track.track_id: row for track in listing.tracks if (row := _row(track, catalogue, rows)) is not None}
    accounted = {
        listed_id: Stored(row.batch_uid, row.time, row.recipe, is_own=source.owns(owner_of(row)))
        for listed_id, row in stored.items()
    }
    fates = account.add(listing.tracks, accounted, rejections)
    for track in listing.tracks:
        row = stored.get(track.track_id)
        if row is None or track.path is None:
            continue
        rejection = rejections.get(track.track_id) if fates[track.track_id] is Fate.REJECTED else None
        if rejection is not None and rejection.reason == Reason.ID_TAKEN:
            continue
        here = [path for path in map(printable, track.candidates) if path == row.path]
        path = here[0] if here else printable(track.path)
        found[row.track_id] = Found(row, path, _problem(rejection), is_rejected=rejection is not None)
    folders = (track.path for track in listing.tracks if track.path is not None and track.path.endswith("/"))
    return Evidence(
        account=account, catalogue=catalogue, found=found, own=own, unreadable_folders=tuple(map(printable, folders))
    )


def _row(track: ListedTrack, catalogue: Catalogue, rows: Mapping[str, TrackRow]) -> TrackRow | None:
    """What a listed track is stored as; of several files of a track, any may have been taken."""
    found = [catalogue.stored_as(track.track_id, printable(path)) for path in track.candidates or ("",)]
    newest = max((stored for stored in found if stored is not None), key=lambda stored: stored.time, default=None)
    return None if newest is None else rows[newest.track_id]


def _problem(rejection: NewestRejection | None) -> str | None:
    """Why a stored track's file cannot be used; a row that does not fit its file says nothing about the file."""
    if rejection is None or rejection.stage in (Stage.JOIN, Stage.SINK):
        return None
    return f"{rejection.reason}: {rejection.message}"


def _rejections(
    target: Database, arguments: VerifyArguments, listed: AbstractCollection[str]
) -> dict[str, NewestRejection]:
    newest: dict[str, NewestRejection] = {}
    for found in read_rejections(target, catalogue=arguments.catalogue, batch_uids=[arguments.batch_uid]):
        if found.track_id not in listed:
            continue
        if found.track_id not in newest or found.time > newest[found.track_id].time:
            newest[found.track_id] = NewestRejection(found.reason, found.time, found.stage, found.message)
    return newest


def _expectation(arguments: VerifyArguments) -> Expectation:
    began = _started(arguments)
    return Expectation(
        batch_uid=arguments.batch_uid,
        recipes=frozenset(arguments.recipe),
        began=None if began is None else int(began * 1000),
    )


def split_late(account: BatchAccount, arguments: VerifyArguments) -> tuple[list[ListedTrack], list[ListedTrack]]:
    """Absent and outdated tracks, divided into those that are missing and those that arrived after the start.

    A file that was added, replaced or moved later has a later change time (ctime); unlike the modification time, no
    copy or unpacking preserves it. For a row without a file, the CSV's change time counts. Without ``--started-at``,
    the batch started with its first record; without any record, nothing is late. Moving a whole folder preserves the
    change times of its files, so they count as missing; applying the batch again solves that.
    """
    began = _began(account, arguments)
    missing: list[ListedTrack] = []
    late: list[ListedTrack] = []
    for track in (*account.absent, *account.outdated):
        changed = _changed(track, arguments)
        (late if began is not None and changed is not None and changed > began else missing).append(track)
    return missing, late


def _began(account: BatchAccount, arguments: VerifyArguments) -> float | None:
    started = _started(arguments)
    if started is not None or account.first_record is None:
        return started
    return account.first_record / 1000


def _started(arguments: VerifyArguments) -> float | None:
    return None if arguments.started_at is None else parse_timestamp(arguments.started_at).timestamp()


def _changed(track: ListedTrack, arguments: VerifyArguments) -> float | None:
    """Change time in seconds; None if the file no longer exists."""
    path = arguments.metadata_path if track.path is None else os.path.join(arguments.audio_root, track.path)  # noqa: PTH118 - surrogate escapes
    try:
        return None if path is None else Path(path).lstat().st_ctime
    except OSError:
        return None
