"""What MongoDB and the source say of a batch's tracks."""

from __future__ import annotations

import os
from collections.abc import Collection as AbstractCollection
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from segue_jobs.contract import VerifyArguments
from segue_jobs.listing.model import ListedTrack, Listing
from segue_jobs.records import track_key
from segue_jobs.runtime.mongodb import Collection, Document, find_by_ids
from segue_jobs.verify.account import Account, Expectation, Rejection, Stored

_TRACKS_AT_ONCE = 1000
_DURABLE = ReadConcern("majority")


def _time(document: Document) -> int:
    return int((document.get("kafka") or {}).get("timestamp", 0))


def _rejections(
    target: Database[Document], arguments: VerifyArguments, listed: AbstractCollection[str]
) -> dict[str, Rejection]:
    collection = target[Collection.REJECTED].with_options(read_concern=_DURABLE)
    query = {"batchUid": arguments.batch_uid}
    newest: dict[str, Rejection] = {}
    for document in collection.find(query, ["catalogue", "trackId", "reason", "kafka.timestamp"]):
        track_id, time = document["trackId"], _time(document)
        if document["catalogue"] != arguments.catalogue or track_id not in listed:
            continue
        if track_id not in newest or time > newest[track_id].time:
            newest[track_id] = Rejection(document["reason"], time)
    return newest


def _stored(target: Database[Document], arguments: VerifyArguments, tracks: list[ListedTrack]) -> dict[str, Stored]:
    collection = target[Collection.TRACKS].with_options(read_concern=_DURABLE)
    ids = {track_key(arguments.catalogue, track.track_id): track.track_id for track in tracks}
    found = find_by_ids(collection, ids, ["batchUid", "recipe", "kafka.timestamp"])
    return {
        ids[document["_id"]]: Stored(document.get("batchUid", ""), _time(document), document.get("recipe", ""))
        for document in found
    }


def _chunks(tracks: tuple[ListedTrack, ...]) -> Iterator[list[ListedTrack]]:
    remaining = iter(tracks)
    while chunk := list(islice(remaining, _TRACKS_AT_ONCE)):
        yield chunk


def read_account(target: Database[Document], arguments: VerifyArguments, listing: Listing) -> Account:
    """Account for every listed track; of the documents, only ids, batches, recipes, reasons and times are read."""
    account = Account(_expectation(arguments))
    rejections = _rejections(target, arguments, {track.track_id for track in listing.tracks})
    for tracks in _chunks(listing.tracks):
        account.add(tracks, _stored(target, arguments, tracks), rejections)
    return account


def _expectation(arguments: VerifyArguments) -> Expectation:
    began = _started(arguments)
    return Expectation(
        batch_uid=arguments.batch_uid,
        recipes=frozenset(arguments.recipe),
        began=None if began is None else int(began * 1000),
    )


def split_late(account: Account, arguments: VerifyArguments) -> tuple[list[ListedTrack], list[ListedTrack]]:
    """Absent and outdated tracks that are missing, and those that came after the batch began.

    A file that was added, replaced or moved in later has a later change time (ctime), which unlike the modification
    time no copy or unpacking keeps. A row without a file goes by its CSV. Without ``--started-at`` the batch began
    with its first record; without one, nothing is late. A folder moved in as a whole keeps its files' change times:
    its files are missing, which the batch applied again will put right.
    """
    began = _began(account, arguments)
    missing: list[ListedTrack] = []
    late: list[ListedTrack] = []
    for track in (*account.absent, *account.outdated):
        changed = _changed(track, arguments)
        (late if began is not None and changed is not None and changed > began else missing).append(track)
    return missing, late


def _began(account: Account, arguments: VerifyArguments) -> float | None:
    started = _started(arguments)
    if started is not None or account.first_record is None:
        return started
    return account.first_record / 1000


def _started(arguments: VerifyArguments) -> float | None:
    return None if arguments.started_at is None else datetime.fromisoformat(arguments.started_at).timestamp()


def _changed(track: ListedTrack, arguments: VerifyArguments) -> float | None:
    """Change time in seconds; None for what is gone by now."""
    path = arguments.metadata_path if track.path is None else os.path.join(arguments.audio_root, track.path)  # noqa: PTH118 - surrogate escapes
    try:
        return None if path is None else Path(path).lstat().st_ctime
    except OSError:
        return None
