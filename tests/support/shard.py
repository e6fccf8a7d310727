"""One shard in this process: what it would send, and what it asks about stored tracks."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from prometheus_client import CollectorRegistry

from segue_core.contract import Engine, ExtractArguments, ExtractSummary, WindowPosition
from segue_core.program import Program
from segue_core.store.presence import Presence
from segue_core.store.records import RejectedRecord, TrackRecord, to_document
from segue_core.store.tracks import TrackRow
from segue_jobs.extract.decode import Window
from segue_jobs.extract.engine import engine
from segue_jobs.extract.identify import ShardIdentities
from segue_jobs.extract.main import _Shard
from segue_jobs.extract.recipe import recipe_of
from segue_jobs.extract.shard_account import ShardAccount
from segue_jobs.extract.shard_metrics import ExtractMetrics
from segue_jobs.extract.workers import Workers
from segue_jobs.learned.ear import EarFile
from segue_jobs.learned.network import Network
from segue_jobs.listing.batch_source import list_source, source_of

WINDOW = Window(WindowPosition.MIDDLE, 5.0, 2.0)
STORED_AT = datetime(2026, 1, 2, tzinfo=UTC)


class StoredRecords:
    """What a shard asks about stored tracks, from records in memory."""

    def __init__(self, records: Iterable[TrackRecord], time: datetime) -> None:
        self._records = {record.track_id: record for record in records}
        self._time = time

    def _rows(self, records: Iterable[TrackRecord]) -> list[TrackRow]:
        position = {"kafka": {"timestamp": int(self._time.timestamp() * 1000)}}
        return [TrackRow.of_document({**to_document(record), **position}) for record in records]

    def with_ids(self, track_ids: Iterable[str]) -> list[TrackRow]:
        return self._rows(self._records[one] for one in track_ids if one in self._records)

    def own(self) -> list[TrackRow]:
        return self._rows(self._records.values())

    def hidden(self) -> list[Presence]:
        return []

    def is_free(self, track_id: str) -> bool:
        return track_id not in self._records

    def record(self, track_id: str) -> TrackRecord | None:
        return self._records.get(track_id)


class Sent(list[TrackRecord | RejectedRecord]):
    """Takes records."""

    def send(self, record: TrackRecord | RejectedRecord) -> None:
        self.append(record)

    @property
    def tracks(self) -> dict[str, TrackRecord]:
        """The tracks among them, by id."""
        return {record.track_id: record for record in self if isinstance(record, TrackRecord)}


def extract_shard(
    arguments: ExtractArguments,
    stored: Iterable[TrackRecord] = (),
    time: datetime = STORED_AT,
    ear: EarFile | None = None,
) -> tuple[Sent, ExtractSummary]:
    """What a batch of one shard sends, and its account once the sink has stored that.

    Parameters
    ----------
    stored, time
        What the database has, and when it got it.
    ear
        Hears learned features.
    """
    sent, root = Sent(), Path(arguments.audio_root)
    recipe = recipe_of(engine(Engine.NATIVE), WINDOW, None if ear is None else Network(ear))
    listing = list_source(arguments)
    identities = ShardIdentities(
        StoredRecords(stored, time), source_of(arguments), root, listing,
        [track for track in listing.tracks if track.problem is None], recipe=recipe, minimum_seconds=1.0,
    )  # fmt: skip
    account = ShardAccount(arguments, 0, recipe, sent, ExtractMetrics(CollectorRegistry()))
    program = cast("Program", SimpleNamespace(stopping=threading.Event()))
    shard = _Shard(arguments, program, account, identities, WINDOW, ear=ear)
    shard.run(listing.tracks, Workers(1, Engine.NATIVE, 60.0))
    has_stored = StoredRecords([*stored, *sent.tracks.values()], time)
    return sent, account.summary(len(listing.tracks), account.stored(has_stored))
