"""Only an error about a document leads to a rejection; everything else is an outage."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DocumentTooLarge,
    OperationFailure,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from segue_jobs.sink.refusal import is_refusal


def _bulk(*codes: int) -> BulkWriteError:
    return BulkWriteError({"writeErrors": [{"code": code, "errmsg": "no", "op": {"secret": 1}} for code in codes]})


@pytest.mark.parametrize(
    "error", [_bulk(121), _bulk(121, 2), DocumentTooLarge("too large"), OperationFailure("large", 10334)]
)
def test_refused_documents(error: Exception) -> None:
    assert is_refusal(error)


@pytest.mark.parametrize(
    "error",
    [
        _bulk(),
        _bulk(121, 14031),  # one document is wrong, and the disk is full
        _bulk(11000),  # another sink was faster
        AutoReconnect("gone"),
        ServerSelectionTimeoutError("gone"),
        WTimeoutError("slow", 64),
        OperationFailure("bad command", 2),
        OperationFailure("internal server error", 1),
        OperationFailure("full", 14031),
        OperationFailure("conflict", 112),
        OperationFailure("not authorized", 13),
    ],
)
def test_outages(error: Exception) -> None:
    assert not is_refusal(error)
