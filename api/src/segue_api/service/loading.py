"""Keeps the catalogues up to date: loads active models beside those in service, and adds tracks as they arrive."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime
from time import monotonic, perf_counter

import msgspec

from segue_api.metrics import ApiMetrics
from segue_api.ports import Store, StoreUnavailableError
from segue_api.service.catalogues import Catalogues, Served
from segue_api.service.search import SearchTexts
from segue_core.errors import ProgramError
from segue_core.features.vectors import find_first_flaw
from segue_core.recommend.question_errors import RecommendError
from segue_core.store.records import SCHEMA_VERSION, TrackRecord, track_key

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 30.0
"""Pause before a model that could not be loaded is tried again; another model is tried at once."""
_RECENT_TRACKS = 2000
"""Tracks of the topic that are added again after a load, because the load may have read the store before them."""


class Loader:
    """Loads models one after the other, so that at most one is in memory twice.

    Parameters
    ----------
    wanted
        Catalogues to serve; none for all that have an active model.
    """

    def __init__(self, store: Store, catalogues: Catalogues, metrics: ApiMetrics, wanted: Collection[str] = ()) -> None:
        self._store = store
        self._catalogues = catalogues
        self._metrics = metrics
        self._wanted = frozenset(wanted)
        self._failed: dict[str, tuple[str, float]] = {}
        self._recent: deque[TrackRecord] = deque(maxlen=_RECENT_TRACKS)
        self._recent_lock = threading.Lock()
        self._hidden: dict[str, frozenset[str]] = {}
        self._unstored: dict[str, frozenset[str]] = {}
        self._compared: dict[str, str | None] = {}
        """Fingerprint of each catalogue's content that is known to be in memory."""
        self._looked = False
        self._unavailable: str | None = None

    @property
    def problem(self) -> str | None:
        """Why not everything is in service; None if it is, also while the database is away."""
        if not self._looked:
            return self._unavailable or "the database has not been read yet"
        missing = [name for name in self._wanted if name not in self._catalogues.served]
        if missing:
            known = self._catalogues.problems
            return "; ".join(f"{name}: {known.get(name, 'it has no active model')}" for name in sorted(missing))
        return None

    def look(self) -> None:
        """Load what is active and not in service."""
        try:
            pointers = self._store.pointers()
        except StoreUnavailableError as error:
            if self._unavailable is None:
                logger.warning("the database does not answer; what is in memory stays in service: %s", error)
            self._unavailable = str(error)
            return
        self._unavailable = None
        for name, pointer in sorted(pointers.items()):
            if not self._wanted or name in self._wanted:
                self._bring(name, pointer.active_model)
        for name in self._wanted - pointers.keys() - self._catalogues.served.keys():
            self._catalogues.report(name, "it has no active model: apply a TrainingRun")
        self._looked = True
        self._catalogues.is_loading = False

    def follow_presence(self) -> None:
        """Take tracks out of the lists whose files are gone, and bring those back whose files are there again.

        Raises
        ------
        StoreUnavailableError
            The database does not answer.
        """
        for name in self._catalogues.served:
            hidden, before = frozenset(self._store.hidden(name)), self._hidden.get(name, frozenset())
            back = before - hidden
            returned = self._store.tracks(name, back) if back else ()
            self._change(name, returned, hidden)
            self._hidden[name] = hidden

    def reconcile(self) -> None:
        """Make the tracks in memory those of the store, whatever the topic said: it does not say what was forgotten.

        A track that has just arrived may not be stored yet. So one that is not stored goes only if it was not stored
        the last time either. The ids are read only if the content has changed: to read 100,000 of them every half
        minute would keep a small database busy.

        Raises
        ------
        StoreUnavailableError
            The database does not answer.
        """
        for name, served in self._catalogues.served.items():
            content = self._store.content_fingerprint(name)
            if content is not None and content == self._compared.get(name):
                continue
            self._compared[name] = content  # before the comparison: what changes meanwhile takes it away again
            stored, recommender = frozenset(self._store.track_ids(name)), served.recommender
            known = frozenset(recommender.tracks.row_of)
            unstored = known - stored
            gone = unstored & self._unstored.get(name, frozenset())
            self._unstored[name] = unstored - gone
            missed = stored - known - recommender.absent.keys() - self._hidden.get(name, frozenset())
            if gone:
                self._forget_recent(name, gone)
                self._change(name, (), gone)
            if missed:
                self._change(name, self._store.tracks(name, missed))
            if unstored or missed:
                self._compared.pop(name, None)

    def _forget_recent(self, name: str, gone: Collection[str]) -> None:
        with self._recent_lock:
            left = [one for one in self._recent if one.catalogue != name or one.track_id not in gone]
            self._recent = deque(left, maxlen=_RECENT_TRACKS)

    def _change(self, name: str, added: Sequence[TrackRecord], removed: Collection[str] = ()) -> int:
        try:
            changed = self._catalogues.change_tracks(name, added, removed)
        except RecommendError as error:
            logger.warning("tracks cannot be changed", extra={"catalogue": name, "problem": str(error)})
            return 0
        if changed:
            self._compared.pop(name, None)
        return changed

    def _bring(self, name: str, model: str) -> None:
        served = self._catalogues.served.get(name)
        if served is not None and served.model.key == model:
            return
        failed, at = self._failed.get(name, ("", 0.0))
        if failed == model and monotonic() - at < _RETRY_SECONDS:
            return
        try:
            self._load(name, model)
        except (RecommendError, StoreUnavailableError, ProgramError) as error:
            self._failed[name] = (model, monotonic())
            self._catalogues.report(name, f"model {model!r} cannot be served: {error}")
            self._metrics.count_load(name, loaded=False)
            logger.error(  # noqa: TRY400 - a message for people; the traceback would hide it
                "a model cannot be served",
                extra={
                    "catalogue": name,
                    "model": model,
                    "problem": str(error),
                    "serving": served.model.key if served else None,
                },
            )
        else:
            self._failed.pop(name, None)

    def _load(self, name: str, model: str) -> None:
        begun = perf_counter()
        document, recommender = self._store.load(name, model)
        self._hidden[name] = frozenset(self._store.hidden(name))
        texts = SearchTexts()
        texts.update(recommender.tracks)
        self._catalogues.put(Served(name, document, recommender, texts))
        self._compared.pop(name, None)
        self._add([record for record in self._take_recent() if record.catalogue == name])
        seconds = perf_counter() - begun
        self._metrics.count_load(name, loaded=True)
        self._metrics.load_seconds.observe(seconds)
        created = datetime.fromisoformat(document.created).timestamp()
        self._metrics.show_model(name, document.number, created)
        logger.info(
            "model in service",
            extra={"catalogue": name, "model": model, "tracks": recommender.tracks.count, "seconds": round(seconds, 3)},
        )

    def _take_recent(self) -> list[TrackRecord]:
        with self._recent_lock:
            return list(self._recent)

    def arrive(self, messages: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take tracks from their topic; what the sink would refuse is passed over.

        Parameters
        ----------
        messages
            Keys and values.
        """
        records = [record for message in messages if (record := _track(*message)) is not None]
        with self._recent_lock:
            self._recent.extend(records)
        self._add(records)

    def _add(self, records: Sequence[TrackRecord]) -> None:
        for name in sorted({record.catalogue for record in records}):
            hidden = self._hidden.get(name, frozenset())  # the topic still has the tracks of files that are gone
            of_catalogue = {
                record.track_id: record
                for record in records
                if record.catalogue == name and record.track_id not in hidden
            }
            self._metrics.arrivals.inc(self._change(name, tuple(of_catalogue.values())))


def _track(key: bytes | None, value: bytes | None) -> TrackRecord | None:
    """The record, without what only the store keeps; None if the sink would refuse it."""
    try:
        record = msgspec.json.decode(value or b"", type=TrackRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if record.schema_version != SCHEMA_VERSION or key != track_key(record.catalogue, record.track_id).encode():
        return None
    if find_first_flaw(record.families, record.recipe) is not None:
        return None
    return msgspec.structs.replace(record, spectrogram={})
