"""The driver's errors as a sentence: no raw answers, no cluster times, no topology."""

from __future__ import annotations

import pytest
from bson import Timestamp
from bson.errors import BSONError
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from segue_core.store.database_errors import BROKEN_HINT, CONFLICT_HINT, explain

ANSWER = {
    "ok": 0.0,
    "errmsg": "internal server error",
    "code": 1,
    "codeName": "InternalError",
    "$clusterTime": {"clusterTime": Timestamp(1, 1), "signature": {"hash": b"\0" * 20, "keyId": 0}},
}
SELECTION = (
    "127.0.0.1:9: [Errno 111] Connection refused (configured timeouts: socketTimeoutMS: 20000.0ms), Timeout: 3.0s, "
    "Topology Description: <TopologyDescription id: 6b0c, servers: []>"
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OperationFailure("internal server error", 1, ANSWER),
            f"internal server error (code 1); {BROKEN_HINT}",
        ),
        (OperationFailure("write conflict", 112), f"write conflict (code 112); {CONFLICT_HINT}"),
        (OperationFailure("no such command", 59), "no such command (code 59)"),
        (ServerSelectionTimeoutError(SELECTION), "it does not answer (127.0.0.1:9: [Errno 111] Connection refused)"),
        (AutoReconnect("connection closed"), "it does not answer (connection closed)"),
        (
            BulkWriteError({"writeErrors": [{"errmsg": "duplicate key", "code": 11000, "op": {"x": b"\0"}}]}),
            "duplicate key (code 11000)",
        ),
        (PyMongoError("odd"), "PyMongoError: odd"),
        (BSONError("too deep"), "BSONError: too deep"),
    ],
)
def test_an_error_is_one_readable_sentence(error: PyMongoError | BSONError, sentence: str) -> None:
    assert explain(error) == sentence
    assert "\\x00" not in explain(error)
