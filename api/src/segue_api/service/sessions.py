"""Sessions in memory: a request with a cookie asks the database at most every two seconds."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic

from segue_api.ports import Store, StoreUnavailableError
from segue_api.service.keyring import Identity, Keyring
from segue_core.store.sessions import NewSession, SessionRecord, session_id

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 2.0
_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Seen:
    record: SessionRecord | None
    at: float


class Sessions:
    """Who has signed in; while the database does not answer, what it said last counts."""

    def __init__(self, store: Store, keyring: Keyring, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def is_fresh(self, token: str) -> bool:
        """Whether `identify` needs no database for this token."""
        identifier = session_id(token)
        seen = self._seen.get(identifier) if identifier else None
        return identifier is None or (seen is not None and self._clock() - seen.at < _SECONDS_BETWEEN_LOOKS)

    def look(self, token: str) -> None:
        """Ask the database for a token's session."""
        identifier = session_id(token)
        if identifier is None:
            return
        try:
            self._remember(identifier, self._store.session(identifier))
        except StoreUnavailableError as error:
            logger.warning("sessions cannot be read; the last ones stay valid", extra={"problem": str(error)})

    def identify(self, token: str) -> Identity | None:
        """Whose token it is; None if it is nobody's, or over, or if its key was revoked."""
        identifier = session_id(token)
        seen = self._seen.get(identifier) if identifier else None
        record = seen.record if seen else None
        if record is None or not record.opens_with(token) or record.expires <= datetime.now(UTC):
            return None
        identity = self._keyring.holder(record.key)
        return None if identity is None else replace(identity, session=record)

    def begin(self, identity: Identity, now: datetime) -> NewSession:
        """Make a session; raises `StoreUnavailableError`."""
        made = self._store.create_session(identity.key, now)
        self._remember(made.record.id, made.record)
        return made

    def end(self, identity: Identity) -> None:
        """End the session of a request, if it has one; raises `StoreUnavailableError`."""
        if identity.session is not None:
            self._store.delete_session(identity.session.id)
            self._remember(identity.session.id, None)

    def _remember(self, identifier: str, record: SessionRecord | None) -> None:
        self._seen[identifier] = _Seen(record, self._clock())
        self._seen.move_to_end(identifier)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
