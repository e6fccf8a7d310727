"""Writes batches to MongoDB, each in a transaction that a majority must journal before it counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, ReplaceOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from segue_core.errors import ConfigurationError, ProgramError
from segue_core.settings import MongoSettings
from segue_core.store.content_marks import mark_content
from segue_core.store.database import Collection, Document, database, find_by_ids
from segue_core.store.database_errors import explain
from segue_core.store.position import FIELD, Position
from segue_jobs.sink.event_transaction import ConflictError, advance_seen, write_events
from segue_jobs.sink.holders import find_conflicts, holder_in
from segue_jobs.sink.refusal import is_refusal
from segue_jobs.sink.rejection import id_taken, refused
from segue_jobs.sink.write import RecordOutcome, Write
from segue_jobs.sink.write_plan import plan_writes
from segue_jobs.sink.written import Records, Written

_NO_TRANSACTIONS = 20
_HELD = (FIELD, "source", "batch", "path", "audioSha256")


class StoreUnavailableError(Exception):
    """The database did not accept the batch now, but may later."""


class Store:
    """Writes batches in such a way that a repeated or older record changes nothing.

    A transaction reads the positions of the documents that it will write, inserts new ones, replaces those that came
    from an older record, and leaves the others alone. Measured on the embedded server: inserts are twice as fast as
    upserts, so a new topic is stored faster than with blind upserts, in spite of the read (5,000 instead of 2,500
    records/s), and a replay only reads (7,000 records/s). Offsets per partition in the database would make a replay
    cheaper still, but then it could not restore a lost document; a digest of the content would not prevent an older
    record from overwriting a newer one.

    Parameters
    ----------
    on_attempt
        Called before each transaction.
    followed
        Name of the topic of events on the broker, whose positions are stored, too: services follow it from there.
    """

    def __init__(
        self,
        client: MongoClient[Document],
        settings: MongoSettings,
        on_attempt: Callable[[], None] = lambda: None,
        *,
        followed: str = "",
    ) -> None:
        self._client = client
        self._on_attempt = on_attempt
        self._followed = followed
        self._database = database(client, settings)

    def write(self, writes: Sequence[Write]) -> Written:
        """Store a batch; documents that the database refuses become rejections.

        Raises
        ------
        StoreUnavailableError
            The database is unavailable, full or busy: the batch may not be stored and can be written again.
        ConfigurationError
            The database does not support transactions.
        ProgramError
            The database refuses even the rejection of a document.
        """
        self._on_attempt()  # a batch with many refused documents takes many transactions
        try:
            return self._transaction(writes)
        except ConflictError as error:
            raise StoreUnavailableError(str(error)) from error
        except (PyMongoError, BSONError) as error:
            if isinstance(error, OperationFailure) and error.code == _NO_TRANSACTIONS:
                raise ConfigurationError(
                    "this MongoDB does not support transactions: run it as a replica set (one node is enough)"
                ) from error
            if not is_refusal(error):
                raise StoreUnavailableError(explain(error)) from error
            if len(writes) > 1:
                middle = len(writes) // 2
                written = self.write(writes[:middle])
                written.add(self.write(writes[middle:]))
                return written
            return self._refuse(writes[0], explain(error))

    def _refuse(self, write: Write, problem: str) -> Written:
        if write.outcome is not RecordOutcome.STORED:  # it is already a rejection by the sink
            raise ProgramError(f"MongoDB refuses the rejection {write.id}: {problem}; check the rules on 'rejected'")
        return self.write([refused(write, problem)])

    def _transaction(self, writes: Sequence[Write]) -> Written:
        groups: dict[Collection, list[Write]] = defaultdict(list)
        for write in writes:
            groups[write.collection].append(write)
        written, changing = Written(), [write for write in writes if write.collection is not Collection.EVENTS]
        with (
            self._client.start_session() as session,
            session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=WriteConcern(w="majority", j=True)
            ),
        ):
            if events := groups.pop(Collection.EVENTS, None):
                plan = write_events(self._database, events, session)
                written.add(plan.written)
                groups[Collection.REJECTED] += plan.rejections
                erased = {catalogue for catalogue, _ in plan.erased}
                changing += [*plan.rejections, *(write for write in events if write.catalogue in erased)]
            if seen := [write for write in writes if write.position.topic == self._followed]:
                advance_seen(self._database, seen, session)
            if tracks := groups.pop(Collection.TRACKS, None):
                written.records += self._write_tracks(tracks, groups, session)
            for collection, group in groups.items():
                positions = _stored_positions(self._database[collection], {write.id for write in group}, session)
                written.records += _write_group(self._database[collection], group, positions, session)
            self._mark(written, changing, session)
        return written

    def _mark(self, written: Written, writes: Sequence[Write], session: ClientSession) -> None:
        """Mark the catalogues, unless all was stored already."""
        if not any(outcome is not RecordOutcome.REPEATED for _, outcome in written.records):
            return
        # A partition has one sink: named after one of them, the mark is not written by two at once.
        writers = {write.catalogue: write.position for write in sorted(writes, key=lambda one: one.position.partition)}
        for catalogue, position in sorted(writers.items()):
            mark_content(self._database, catalogue, f"{position.topic}:{position.partition}", session)

    def _write_tracks(
        self, tracks: Sequence[Write], groups: dict[Collection, list[Write]], session: ClientSession
    ) -> Records:
        """Write the tracks whose ids are free or their own; add a rejection for each of the others."""
        target = self._database[Collection.TRACKS]
        found = {document["_id"]: document for document in find_by_ids(target, {w.id for w in tracks}, _HELD, session)}
        positions = {key: Position.of_document(document) for key, document in found.items()}
        holders = {key: holder_in(document) for key, document in found.items()}
        conflicts = find_conflicts(tracks, positions, holders)
        if conflicts:
            refused_writes = {id(conflict.write) for conflict in conflicts}
            tracks = [write for write in tracks if id(write) not in refused_writes]
            groups[Collection.REJECTED].extend(map(id_taken, conflicts))
        return _write_group(target, tracks, positions, session)


def _write_group(
    target: MongoCollection[Document],
    group: Sequence[Write],
    positions: Mapping[str, Position | None],
    session: ClientSession,
) -> Records:
    plan = plan_writes(group, positions)
    if plan.inserts:
        documents = [RawBSONDocument(write.body) for write in plan.inserts]
        target.insert_many(documents, ordered=False, session=session)
    if plan.replacements:
        requests: list[ReplaceOne[Document]] = [
            ReplaceOne({"_id": write.id}, RawBSONDocument(write.body)) for write in plan.replacements
        ]
        target.bulk_write(requests, ordered=False, session=session)
    outcomes: Records = Counter()
    for write in (*plan.inserts, *plan.replacements):
        outcomes[write.position.topic, write.outcome] += 1
    for write in plan.repeated:
        outcomes[write.position.topic, RecordOutcome.REPEATED] += 1
    return outcomes


def _stored_positions(
    target: MongoCollection[Document], ids: Iterable[str], session: ClientSession
) -> dict[str, Position | None]:
    found = find_by_ids(target, ids, [FIELD], session)
    return {document["_id"]: Position.of_document(document) for document in found}
