"""Extracts one shard: lists it, rejects bad tracks, skips those that are done, analyses and sends the rest."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec

from segue_core.broker.topics import ensure_topics
from segue_core.contract import Env, ExitCode, ExtractArguments, MetadataFormat, Reason
from segue_core.errors import ProgramError
from segue_core.identity.catalogue import Source
from segue_core.identity.rules import Identity, Outcome
from segue_core.program import Program, Termination
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.facts import FileFacts, Root
from segue_core.store.records import TrackRecord
from segue_core.store.tracks import TrackRow
from segue_jobs.extract.analyse import AlreadyDone, Analysis, Complement, Method, Request, Result, analyse_file
from segue_jobs.extract.candidates import Candidates
from segue_jobs.extract.decode import Window
from segue_jobs.extract.engine import engine
from segue_jobs.extract.identify import ShardIdentities
from segue_jobs.extract.inspection import Inspection, track_file, unchanged_file, with_numbers
from segue_jobs.extract.known_tracks import KnownTracks, NoTracks, StoredTracks
from segue_jobs.extract.listening import prepare
from segue_jobs.extract.pictures import cover_in
from segue_jobs.extract.producer import RecordProducer
from segue_jobs.extract.recipe import recipe_of
from segue_jobs.extract.shard_account import ShardAccount
from segue_jobs.extract.shard_environment import shard_index, worker_bytes, worker_count
from segue_jobs.extract.shard_metrics import ExtractMetrics
from segue_jobs.extract.workers import Workers
from segue_jobs.learned.ear import EarFile
from segue_jobs.learned.network import open_network
from segue_jobs.learned.published import find_ear, models_folder
from segue_jobs.listing.audio_files import check_still_there
from segue_jobs.listing.batch_source import list_source, source_of
from segue_jobs.listing.listed_tracks import ListedTrack, Problem

logger = logging.getLogger(__name__)

_FOLDERS = 1000
"""Whose covers are remembered: a folder's tracks are listed one after the other."""
STOPPING_PATIENCE_SECONDS = 15.0
"""How long to wait for an unavailable broker after SIGTERM: less than a pod's grace period."""


def main(arguments: ExtractArguments, program: Program) -> Termination:
    """Extract one shard.

    Raises
    ------
    ProgramError
        Kafka or MongoDB cannot be reached, or the source does not match the arguments.
    """
    kafka = KafkaSettings.from_environment()
    shard = shard_index(os.environ, arguments.shards)
    count = worker_count(os.environ)
    memory = worker_bytes(os.environ, count, arguments.engine)
    ear = _find_ear(arguments)
    workers = Workers(
        count, arguments.engine, arguments.track_timeout_seconds, memory, prepare=partial(prepare, file=ear)
    )
    listing = list_source(arguments)
    tracks = listing.shard(shard, arguments.shards)
    metrics = ExtractMetrics()
    metrics.listed.set(len(tracks))
    window = Window(arguments.window_position, arguments.window_seconds, arguments.minimum_seconds)
    recipe = recipe_of(engine(arguments.engine), window, None if ear is None else open_network(ear))
    logger.info("shard listed", extra={"shard": shard, "tracks": len(tracks), "recipe": recipe})
    ensure_topics(kafka)
    producing = RecordProducer(kafka, on_rebuild=metrics.producer_rebuilds.inc)
    source = source_of(arguments)
    with producing as producer, _known_tracks(arguments, source) as known:
        program.ready.set()
        account = ShardAccount(arguments, shard, recipe, producer, metrics)
        identities = ShardIdentities(
            known,
            source,
            Path(arguments.audio_root),
            listing,
            [track for track in tracks if track.problem is None],
            recipe=recipe,
            minimum_seconds=arguments.minimum_seconds,
        )
        _Shard(arguments, program, account, identities, window, ear=ear).run(tracks, workers)
        producer.flush(patience_seconds=STOPPING_PATIENCE_SECONDS if program.stopping.is_set() else None)
        summary = account.summary(len(tracks), 0 if program.stopping.is_set() else _stored(account, known))
    logger.info("shard interrupted" if summary.interrupted else "shard done", extra=msgspec.to_builtins(summary))
    return Termination(summary, ExitCode.RETRY if summary.interrupted else ExitCode.DONE)


def _find_ear(arguments: ExtractArguments) -> EarFile | None:
    if arguments.ear is None:
        return None
    return find_ear(arguments.ear, arguments.ear_sha256, models_folder(os.environ))


def _known_tracks(arguments: ExtractArguments, source: Source) -> StoredTracks | NoTracks:
    """The tracks that are stored; nothing is known without a database."""
    if not os.environ.get(Env.MONGODB_URI):
        return NoTracks()
    return StoredTracks(MongoSettings.from_environment(), arguments.catalogue, source)


def _stored(account: ShardAccount, known: KnownTracks) -> int:
    """How far the sink has come, for whoever watches the batch; verification counts in any case."""
    try:
        return account.stored(known)
    except ProgramError as error:
        logger.warning("stored tracks are not counted", extra={"error": str(error)})
        return 0


class _Shard:
    def __init__(
        self,
        arguments: ExtractArguments,
        program: Program,
        account: ShardAccount,
        identities: ShardIdentities,
        window: Window,
        *,
        ear: EarFile | None = None,
    ) -> None:
        self._root = Path(arguments.audio_root)
        self._names_from_tags = arguments.metadata_format is MetadataFormat.TAGS or arguments.metadata_path is None
        self._place = Root(volume=arguments.volume, folder=arguments.folder) if arguments.volume else None
        self._method = Method(arguments.engine, window, arguments.maximum_megabytes << 20, ear)
        self._program = program
        self._account = account
        self._identities = identities
        self._covers = lru_cache(maxsize=_FOLDERS)(cover_in)
        self._now = datetime.now(UTC).replace(microsecond=0)

    def run(self, tracks: Sequence[ListedTrack], workers: Workers) -> None:
        good = {track.track_id: track for track in tracks if track.problem is None}
        for track in tracks:
            if track.problem is not None:
                self._account.rejected(track, track.problem)
        workers = replace(workers, analyse=self._analysis())
        candidates = {track_id: Candidates(track) for track_id, track in good.items()}
        requests = self._requests(
            {track_id: files for track_id, files in candidates.items() if not self._is_unchanged(files)}
        )
        while requests:
            failed = self._analyse(requests, workers, candidates)
            requests = self._requests({track_id: candidates[track_id] for track_id in failed})

    def _analysis(self) -> Callable[[Request], Result]:
        """How a file is analysed, knowing what is stored."""
        analysed = frozenset(self._identities.analysed) if self._method.ear is not None else frozenset[str]()
        return partial(analyse_file, done=frozenset(self._identities.done), analysed=analysed)

    def _is_unchanged(self, files: Candidates) -> bool:
        """Account for a track whose file is as it was, without reading the file; False if it must be read."""
        track, row = files.track, self._identities.unchanged(files.track)
        if row is None or row.file is None:
            return False
        identity = self._identities.identify(track, row)
        if identity.outcome is not Outcome.UNCHANGED or identity.track_id != row.track_id:
            return False
        file = unchanged_file(row.file, self._root / files.path, self._place, self._covers)
        metadata = row.metadata if self._names_from_tags else with_numbers(track.metadata, row.metadata)
        new = {"metadata": metadata, "file": file, "added": self._added(row), "alternatives": files.alternatives()}
        self._account.skipped(self._refreshed(track, identity, new), len(track.alternatives))
        return True

    def _analyse(
        self, requests: Sequence[Request], workers: Workers, candidates: Mapping[str, Candidates]
    ) -> list[str]:
        """Analyse one file of each track; return the tracks whose file failed, and which have another one."""
        failed = []
        for request, result in workers.run(requests, self._program.stopping):
            files = candidates[request.track_id]
            if not isinstance(result, Problem):
                self._settle(files, result)
                continue
            if result.reason is Reason.UNREADABLE:
                check_still_there(self._root)  # a disk that is gone says nothing against its files
            if problem := files.fail(result):
                self._account.rejected(files.listed, problem)
            else:
                failed.append(request.track_id)
        return failed

    def _requests(self, candidates: Mapping[str, Candidates]) -> list[Request]:
        """Requests, largest files first: a long track started last would keep one core busy alone."""
        requests = [Request(track_id, self._root / files.path, self._method) for track_id, files in candidates.items()]
        return sorted(requests, key=lambda request: _size(request.path), reverse=True)

    def _settle(self, files: Candidates, result: Analysis | Complement | AlreadyDone) -> None:
        """Give a file that can be decoded its id, and account for it."""
        track, alternatives = files.track, files.alternatives()
        identity = self._identities.identify(track, result)
        if identity.outcome is Outcome.TAKEN:
            self._account.taken(track, identity)
            return
        if isinstance(result, Analysis):
            facts = self._facts(track, identity, result.inspection, result.audio.duration_seconds)
            self._account.extracted(track, identity, result, alternatives=alternatives, **facts)
            return
        rows = self._identities.analysed if isinstance(result, Complement) else self._identities.done
        done = rows[result.audio_sha256]
        facts = self._facts(track, identity, result.inspection, done.duration_seconds)
        new = {**facts, "alternatives": alternatives}
        if isinstance(result, Complement):
            stored = self._identities.analysed_record(identity, result.audio_sha256)
            changed = {} if self._account.is_elsewhere(identity) else new  # names and path are its owner's
            self._account.completed(track, identity, stored, result, **changed)
        elif self._identities.is_stored(identity, result.audio_sha256):
            self._account.skipped(self._refreshed(track, identity, new), len(alternatives))
        else:
            self._account.copied(track, identity, self._identities.record(done.track_id), **new)

    def _facts(self, track: ListedTrack, identity: Identity, inspection: Inspection, seconds: float) -> dict[str, Any]:
        """What a record says besides the sound: its metadata, its file, and since when it is there."""
        stored = self._identities.rows.get(identity.track_id)
        metadata = inspection.tags if self._names_from_tags else with_numbers(track.metadata, inspection.tags)
        file: FileFacts | None = track_file(track.path or "", inspection, seconds, self._place)
        if self._account.is_elsewhere(identity):
            file = stored.file if stored is not None else None  # the path is its owner's, and so is the file
        return {"metadata": metadata, "file": file, "added": self._added(stored)}

    def _added(self, stored: TrackRow | None) -> datetime:
        if stored is None:
            return self._now
        return stored.added or (datetime.fromtimestamp(stored.time // 1000, UTC) if stored.time else self._now)

    def _refreshed(self, track: ListedTrack, identity: Identity, new: Mapping[str, Any]) -> TrackRecord | None:
        """The stored record with what changed apart from the audio: a corrected title, a moved file, its source."""
        stored = self._identities.rows[identity.track_id]
        source, path = self._account.place(track, identity)
        if identity.outcome is Outcome.ADOPTED and stored.source == source:
            return None  # names and path are its owner's
        new = {"source": source, "path": path, **new}
        same = all(getattr(stored, name) == value for name, value in new.items())
        if same and identity.outcome is not Outcome.RETURNED:
            return None
        record = self._identities.record(identity.track_id)
        return msgspec.structs.replace(record, claim=self._account.claim(track, identity), **new)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the analysis will say why
