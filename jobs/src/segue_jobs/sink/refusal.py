"""Which errors mean that the database will never take a document, however often it is asked.

Every other error is an outage: the sink waits and tries again. So an unknown error may hold the sink up, and says so
in its log, but it cannot turn good documents into rejections.
"""

from __future__ import annotations

from bson.errors import BSONError
from pymongo.errors import BulkWriteError, ConnectionFailure, DocumentTooLarge, OperationFailure

_COMMAND_CODES = frozenset({
    257,  # TransactionTooLarge
    388,  # TransactionTooLargeForCache
    10334,  # BSONObjectTooLarge
    17419,  # resulting document too large
    17420,
})  # fmt: skip
_DOCUMENT_CODES = _COMMAND_CODES | frozenset({
    2,  # BadValue
    22,  # InvalidBSON
    52,  # DollarPrefixedFieldName
    56,  # EmptyFieldName
    57,  # DottedFieldName
    121,  # DocumentValidationFailure
    17280,  # KeyTooLong
})  # fmt: skip
"""Codes that count only where the server names the document: as a command's own error they blame the command."""
_SERVER_CODES = frozenset({1, 14031})  # InternalError, OutOfDiskSpace
_OUT_OF_ORDER = "look for free disk space and into the database's own log; after a full disk it may need a restart"


def is_refusal(error: Exception) -> bool:
    """Whether the error is about the documents, not about the database's state."""
    if isinstance(error, BulkWriteError):
        codes = {entry.get("code") for entry in (error.details or {}).get("writeErrors", [])}
        return bool(codes) and codes <= _DOCUMENT_CODES
    if isinstance(error, OperationFailure):
        return error.code in _COMMAND_CODES
    return isinstance(error, DocumentTooLarge | BSONError)


def explain(error: Exception) -> str:
    """The server's words on one document, without the document."""
    if isinstance(error, BulkWriteError):
        entry = ((error.details or {}).get("writeErrors") or [{}])[0]
        return f"{entry.get('errmsg', 'write error')} (code {entry.get('code')})"
    if isinstance(error, OperationFailure):
        text = f"{(error.details or {}).get('errmsg', error)} (code {error.code})"
        return f"{text}; {_OUT_OF_ORDER}" if error.code in _SERVER_CODES else text
    if isinstance(error, ConnectionFailure):
        return f"{type(error).__name__}: {str(error).partition(' (configured')[0]}"  # the driver adds its whole state
    return f"{type(error).__name__}: {error}"
