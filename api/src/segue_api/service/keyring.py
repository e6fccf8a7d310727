"""The keys in memory, so that a request needs no database; read again while the service runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from segue_api.ports import StoreUnavailableError
from segue_core.contract import Role
from segue_core.store.keys import KeyRecord, key_id
from segue_core.store.sessions import SessionRecord

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class Identity:
    """Who makes a request."""

    key: str
    """Id of the key."""
    role: Role
    user: str | None
    """The listener that the key belongs to."""
    session: SessionRecord | None = None
    """The session that the request was made in, if it was not made with the key itself."""


class Keyring:
    """Keys from several sources; a source that fails keeps its last keys.

    Parameters
    ----------
    sources
        Functions that read keys; they may raise `StoreUnavailableError`, `OSError` or `ValueError`.
    """

    def __init__(
        self, sources: Sequence[Callable[[], Sequence[KeyRecord]]], clock: Callable[[], float] = monotonic
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._lock = threading.Lock()
        self._read: list[Sequence[KeyRecord]] = [() for _ in sources]
        self._keys: Mapping[str, KeyRecord] = {}
        self._looked = -_SECONDS_BETWEEN_LOOKS

    def refresh(self) -> None:
        """Read the keys again."""
        with self._lock:
            self._looked = self._clock()
            for number, source in enumerate(self._sources):
                try:
                    self._read[number] = source()
                except (StoreUnavailableError, OSError, ValueError) as error:
                    logger.warning("keys cannot be read; the last ones stay valid", extra={"problem": str(error)})
            self._keys = {record.id: record for records in self._read for record in records}

    def identify(self, token: str) -> Identity | None:
        """Whose token it is; None if it is nobody's."""
        identifier = key_id(token)
        record = self._keys.get(identifier) if identifier else None
        if record is None or not record.opens_with(token):
            return None
        return Identity(record.id, record.role, record.user)

    def holder(self, key: str) -> Identity | None:
        """Whose a key is, by its id; None if there is no such key, or if it was revoked."""
        record = self._keys.get(key)
        return None if record is None or record.revoked is not None else Identity(record.id, record.role, record.user)

    def may_be_new(self, token: str) -> bool:
        """Whether a token that nobody has may belong to a key that was made since the last look."""
        identifier = key_id(token)
        waited = self._clock() - self._looked >= _SECONDS_BETWEEN_LOOKS
        return identifier is not None and identifier not in self._keys and waited
