"""The operations of the API, by subject."""

from __future__ import annotations

from segue_api.http.operation import AnyOperation
from segue_api.routes import (
    accounts,
    clusters,
    events,
    listeners,
    lists,
    media,
    models,
    names,
    sessions,
    sign_in,
    tracks,
)

OPERATIONS: tuple[AnyOperation, ...] = (
    *media.OPERATIONS,
    *tracks.OPERATIONS,
    *names.OPERATIONS,
    *events.OPERATIONS,
    *lists.OPERATIONS,
    *listeners.OPERATIONS,
    *sessions.OPERATIONS,
    *sign_in.OPERATIONS,
    *clusters.OPERATIONS,
    *models.OPERATIONS,
    *accounts.OPERATIONS,
)
"""In the order in which paths are tried: the longer of two that share a beginning comes first."""
