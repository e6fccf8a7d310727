"""The database's errors as one readable sentence, without the driver's state and the server's raw response."""

from __future__ import annotations

from bson.errors import BSONError
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

DATABASE_ERRORS = (PyMongoError, BSONError)
"""What the driver raises, for callers that do not know the driver."""
_BROKEN_CODES = frozenset({1, 14031})  # InternalError, OutOfDiskSpace
_WRITE_CONFLICT = 112
CONFLICT_HINT = (
    "another transaction holds the document; one that a killed program has left open ends after the server's "
    "transactionLifetimeLimitSeconds, a minute unless it was changed"
)
BROKEN_HINT = "its disk may be full or have been full: check the free disk space and the database's log"


def explain(error: PyMongoError | BSONError) -> str:
    """One sentence for people, with a hint where the server's own words do not say what to do."""
    sentence, code = words(error), _code(error)
    if code == _WRITE_CONFLICT:
        return f"{sentence}; {CONFLICT_HINT}"
    return f"{sentence}; {BROKEN_HINT}" if code in _BROKEN_CODES else sentence


def words(error: PyMongoError | BSONError) -> str:
    """The server's message, without the driver's state, cluster times and signatures."""
    if isinstance(error, BulkWriteError):
        text = str(_first_refusal(error).get("errmsg", "write error"))
    elif isinstance(error, OperationFailure):
        text = str((error.details or {}).get("errmsg") or error).partition(", full error:")[0]
    else:
        text = str(error).partition(" (configured")[0].partition(", Timeout:")[0]
        return (
            f"it does not answer ({text})"
            if isinstance(error, ConnectionFailure)
            else f"{type(error).__name__}: {text}"
        )
    code = _code(error)
    return text if code is None else f"{text} (code {code})"


def _code(error: PyMongoError | BSONError) -> object:
    if isinstance(error, BulkWriteError):
        return _first_refusal(error).get("code")
    return error.code if isinstance(error, OperationFailure) else None


def _first_refusal(error: BulkWriteError) -> dict[str, object]:
    details = error.details or {}
    return dict(next(iter(details.get("writeErrors") or details.get("writeConcernErrors") or ()), {}))
