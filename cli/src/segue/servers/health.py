"""Health checks of the embedded servers: a process that runs may answer nothing but errors."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from segue_core.settings import MongoSettings

HEALTH_DATABASE = "segue_health"
"""A separate database, so that the check's writes do not mix with real data."""
_API_VERSIONS, _CORRELATION = 18, 1
_WRONG_ANSWERS = 3
_HUNG_SECONDS = 30.0
_LONGEST_SILENCE_SECONDS = 300.0
_BUSY_SHARE = 0.05


class WrongAnswerError(Exception):
    """The server answered with an error; the message has its words."""


class NoAnswerError(Exception):
    """The server did not answer in time."""


def ask_broker(host: str, port: int, seconds: float) -> None:
    """Ask a Kafka broker for its API versions, a request without side effects.

    Raises
    ------
    NoAnswerError, WrongAnswerError
        It is not healthy.
    """
    request = struct.pack(">hhih", _API_VERSIONS, 0, _CORRELATION, -1)  # no client id
    try:
        with socket.create_connection((host, port), seconds) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = _receive(connection, 10)
    except OSError as error:
        raise NoAnswerError(error.strerror or str(error)) from error
    _length, correlation, code = struct.unpack(">iih", answer)
    if (correlation, code) != (_CORRELATION, 0):
        raise WrongAnswerError(f"error code {code}")


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionError("it closed the connection")
        received += part
    return received


def ask_database(uri: str, seconds: float, *, write: bool) -> None:
    """Ask a database to read and, if wanted, to write durably to the check's own collection.

    Raises
    ------
    NoAnswerError, WrongAnswerError
        It is not healthy.
    """
    from pymongo.errors import ConnectionFailure, PyMongoError

    from segue_core.store.database import connect
    from segue_core.store.database_errors import words

    settings = MongoSettings(uri=uri, database=HEALTH_DATABASE)
    try:
        with connect(settings, timeout_seconds=seconds, answer_seconds=seconds) as client:
            client.admin.command("ping")
            looks = client[HEALTH_DATABASE]["looks"]
            if write:
                looks.replace_one({"_id": "last"}, {"at": datetime.now(UTC)}, upsert=True)
            else:
                looks.find_one({"_id": "last"})
    except ConnectionFailure as error:
        raise NoAnswerError(words(error)) from error
    except PyMongoError as error:
        raise WrongAnswerError(words(error)) from error


@dataclass
class Patience:
    """Decides when to give up on a server that does not answer as it should.

    Three errors in a row are enough. Silence gets more time, because a busy server answers late: half a minute if it
    uses no processor time, ten times that if it does.
    """

    processor_seconds: Callable[[], float | None]
    """Processor time that the server has used so far; None where the system does not tell."""
    clock: Callable[[], float]
    _wrong: int = 0
    _silent_since: float | None = None
    _used_before: float | None = None

    def well(self) -> None:
        """It answered as it should."""
        self._wrong, self._silent_since = 0, None

    def wrong(self) -> bool:
        """It answered with an error; returns whether that is enough."""
        self._wrong, self._silent_since = self._wrong + 1, None
        return self._wrong >= _WRONG_ANSWERS

    def silent(self) -> bool:
        """It did not answer; returns whether that is enough."""
        now = self.clock()
        if self._silent_since is None:
            self._silent_since, self._used_before = now, self.processor_seconds()
            return False
        silence = now - self._silent_since
        return silence >= _LONGEST_SILENCE_SECONDS or (silence >= _HUNG_SECONDS and not self._is_busy(silence))

    def _is_busy(self, silence: float) -> bool:
        used = self.processor_seconds()
        return used is not None and self._used_before is not None and used - self._used_before > _BUSY_SHARE * silence
