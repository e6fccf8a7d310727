"""One shard: list, reject what is known to be bad, skip what is done, analyse and produce the rest."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec
from kafka.errors import KafkaError

from segue_jobs.contract import Env, ExitCode, ExtractArguments, MetadataFormat
from segue_jobs.extract.account import Account
from segue_jobs.extract.analyse import AlreadyDone, Analysis, Method, Request
from segue_jobs.extract.decode import Window
from segue_jobs.extract.done import DoneTrack, DoneTracks
from segue_jobs.extract.engine import engine
from segue_jobs.extract.metrics import ExtractMetrics
from segue_jobs.extract.producer import RecordProducer
from segue_jobs.extract.recipe import recipe_of
from segue_jobs.extract.settings import shard_index, worker_bytes, worker_count
from segue_jobs.extract.workers import Workers
from segue_jobs.listing.model import ListedTrack
from segue_jobs.listing.source import list_source
from segue_jobs.listing.track_ids import printable
from segue_jobs.records import Metadata, TrackRecord
from segue_jobs.runtime.program import Outcome, Program, ProgramError
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics

logger = logging.getLogger(__name__)

STOPPING_PATIENCE_SECONDS = 15.0
"""How long a broker that is away is waited for after SIGTERM: less than a pod's grace period."""


def main(arguments: ExtractArguments, program: Program) -> Outcome:
    """Extract one shard.

    Raises
    ------
    ProgramError
        Kafka or MongoDB cannot be reached, or the source is not what the arguments say.
    """
    kafka = KafkaSettings.from_environment()
    shard = shard_index(os.environ, arguments.shards)
    count = worker_count(os.environ)
    memory = worker_bytes(os.environ, count, arguments.engine)
    workers = Workers(count, arguments.engine, arguments.track_timeout_seconds, memory)
    tracks = list_source(arguments).shard(shard, arguments.shards)
    metrics = ExtractMetrics()
    metrics.listed.set(len(tracks))
    window = Window(arguments.window_position, arguments.window_seconds, arguments.minimum_seconds)
    recipe = recipe_of(engine(arguments.engine), window)
    logger.info("shard listed", extra={"shard": shard, "tracks": len(tracks), "recipe": recipe})
    _prepare_topics(kafka)
    with RecordProducer(kafka) as producer, _done_tracks(arguments, recipe) as done_tracks:
        program.ready.set()
        account = Account(arguments, shard, recipe, producer, metrics)
        _Shard(arguments, program, account, window, done_tracks).run(tracks, workers)
        producer.flush(patience_seconds=STOPPING_PATIENCE_SECONDS if program.stopping.is_set() else None)
    summary = account.summary(len(tracks))
    logger.info("shard interrupted" if summary.interrupted else "shard done", extra=msgspec.to_builtins(summary))
    return Outcome(summary, ExitCode.RETRY if summary.interrupted else ExitCode.DONE)


def _prepare_topics(kafka: KafkaSettings) -> None:
    try:
        ensure_topics(kafka)
    except KafkaError as error:
        raise ProgramError(f"cannot prepare the topics on Kafka at {kafka.bootstrap}: {error}") from error


def _done_tracks(arguments: ExtractArguments, recipe: str) -> AbstractContextManager[DoneTracks | None]:
    """None without a database: then nothing is known to be done, and every track is analysed."""
    if not os.environ.get(Env.MONGODB_URI):
        return nullcontext()
    return DoneTracks(MongoSettings.from_environment(), arguments.catalogue, recipe)


class _Shard:
    def __init__(
        self,
        arguments: ExtractArguments,
        program: Program,
        account: Account,
        window: Window,
        done_tracks: DoneTracks | None,
    ) -> None:
        self._root = Path(arguments.audio_root)
        with_tags = arguments.metadata_format is MetadataFormat.TAGS or arguments.metadata_path is None
        self._method = Method(arguments.engine, window, arguments.maximum_megabytes << 20, with_tags)
        self._program = program
        self._account = account
        self._done_tracks = done_tracks

    def run(self, tracks: Sequence[ListedTrack], workers: Workers) -> None:
        good = {track.track_id: track for track in tracks if track.problem is None}
        for track in tracks:
            if track.problem is not None:
                self._account.rejected(track, track.problem)
        done = self._done_tracks.find(list(good)) if self._done_tracks else {}
        for request, result in workers.run(self._requests(good.values(), done), self._program.stopping):
            track = good[request.track_id]
            if isinstance(result, Analysis):
                self._account.extracted(track, result)
            elif isinstance(result, AlreadyDone):
                self._account.skipped(self._refreshed(track, done[track.track_id], result.tags or track.metadata))
            else:
                self._account.rejected(track, result)

    def _requests(self, tracks: Iterable[ListedTrack], done: Mapping[str, DoneTrack]) -> list[Request]:
        """Requests, the largest files first: a long one begun last would keep one core busy alone."""
        requests = []
        for track in tracks:
            known = done.get(track.track_id)
            if known and known.duration_seconds < self._method.window.minimum_seconds:
                known = None  # stored under a lower minimum
            path = self._root / (track.path or "")
            requests.append(Request(track.track_id, path, self._method, known.audio_sha256 if known else None))
        return sorted(requests, key=lambda request: _size(request.path), reverse=True)

    def _refreshed(self, track: ListedTrack, stored: DoneTrack, metadata: Metadata) -> TrackRecord | None:
        """The stored record with what changed beside the audio: a corrected title, a new place of the file."""
        path = printable(track.path or "")
        if self._done_tracks is None or (stored.path, stored.metadata) == (path, metadata):
            return None
        record = self._done_tracks.record(track.track_id)
        return record and msgspec.structs.replace(record, path=path, metadata=metadata)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # analysing it will say why
