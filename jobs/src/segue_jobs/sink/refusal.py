"""Which errors mean that the database will never accept a document, however often the sink tries.

Every other error counts as an outage: the sink waits and tries again. So an unknown error may stop the sink, which logs
it, but it cannot turn good documents into rejections.
"""

from __future__ import annotations

from bson.errors import BSONError
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

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
"""Codes that count only if the server names the document; otherwise the command itself is wrong."""


def is_refusal(error: Exception) -> bool:
    """Whether the error concerns the documents and not the state of the database."""
    if isinstance(error, BulkWriteError):
        codes = {entry.get("code") for entry in (error.details or {}).get("writeErrors", [])}
        return bool(codes) and codes <= _DOCUMENT_CODES
    if isinstance(error, OperationFailure):
        return error.code in _COMMAND_CODES
    return isinstance(error, DocumentTooLarge | BSONError)
