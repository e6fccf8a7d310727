"""Turn the API server's answers into the controller's errors. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    InvalidError,
    KindMissingError,
    NamespaceTerminatingError,
    NotFoundError,
    UnavailableError,
)

PLAIN_MESSAGE_LENGTH = 300
NAMESPACE_TERMINATING = "NamespaceTerminating"
"""Cause in the answer when the namespace is being deleted."""


def cluster_error(code: int, body: bytes, headers: Mapping[str, str]) -> ClusterError:
    """Error for an answer that is not 2xx.

    Parameters
    ----------
    code
        HTTP status.
    body
        A ``Status`` object in JSON, or any text if a proxy in front of the API server answered.
    headers
        ``Retry-After`` is respected.
    """
    status = _status(body)
    message = status.get("message") or _plain(code, body)
    reason = status.get("reason", "")
    if code == 404:
        return _missing(status, message)
    if code == 409:
        return AlreadyExistsError(message) if reason == "AlreadyExists" else ConflictError(message)
    if code in (401, 408, 410, 429) or code >= 500:
        return UnavailableError(message, _patience(status, headers))
    causes = (status.get("details") or {}).get("causes") or ()
    if any(cause.get("reason") == NAMESPACE_TERMINATING for cause in causes):
        return NamespaceTerminatingError(message)
    return InvalidError(message)


def _missing(status: Mapping[str, Any], message: str) -> ClusterError:
    """The server names a missing object; it cannot name an object of a kind that it does not serve."""
    if (status.get("details") or {}).get("name"):
        return NotFoundError(message)
    return KindMissingError(message)


def _patience(status: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    given = headers.get("Retry-After") or (status.get("details") or {}).get("retryAfterSeconds")
    try:
        return float(given) if given is not None else None
    except ValueError:
        return None  # a date: the queue's own back-off will do


def _status(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(code: int, body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())[:PLAIN_MESSAGE_LENGTH]
    return f"the API server answered {code}" + (f": {text}" if text else "")
