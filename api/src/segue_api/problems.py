"""What can go wrong with a request, as RFC 9457 describes it: one stable type a kind of problem."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

MEDIA_TYPE = "application/problem+json"


class Problem(Enum):
    """Kinds of problems: last part of the type, HTTP status, title."""

    INVALID_PARAMETER = ("invalid-parameter", 400, "A parameter is not valid")
    INVALID_BODY = ("invalid-body", 400, "The body is not valid")
    CATALOGUE_NEEDED = ("catalogue-needed", 400, "Several catalogues are served: name one")
    QUESTION_REFUSED = ("question-refused", 400, "The question cannot be answered")
    KEY_NEEDED = ("key-needed", 401, "A valid key is needed")
    NOT_ALLOWED = ("not-allowed", 403, "The key does not allow this")
    NO_SUCH_PATH = ("no-such-path", 404, "There is no such path")
    UNKNOWN_CATALOGUE = ("unknown-catalogue", 404, "There is no such catalogue")
    UNKNOWN_NAME = ("unknown-name", 404, "There is nothing of this name")
    UNKNOWN_TRACK = ("unknown-track", 404, "There is no such track")
    AUDIO_NOT_SERVED = ("audio-not-served", 404, "The audio of this track is not served")
    COVER_NOT_SERVED = ("cover-not-served", 404, "There is no cover of this track")
    UNKNOWN_MODEL = ("unknown-model", 404, "There is no such model")
    UNKNOWN_CLUSTER = ("unknown-cluster", 404, "There is no such cluster")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "The path does not have this method")
    BODY_TOO_SLOW = ("body-too-slow", 408, "The body did not arrive in time")
    TRACK_NOT_IN_MODEL = ("track-not-in-model", 409, "The track is not in the model")
    POINTER_MOVED = ("pointer-moved", 409, "Another model is active than expected")
    MODEL_UNUSABLE = ("model-unusable", 409, "The model cannot be used")
    BODY_TOO_LARGE = ("body-too-large", 413, "The body is too large")
    UNSUPPORTED_MEDIA_TYPE = ("unsupported-media-type", 415, "The body is not JSON")
    RANGE_NOT_SATISFIABLE = ("range-not-satisfiable", 416, "The file has no such bytes")
    TOO_MANY_FAILURES = ("too-many-failures", 429, "Too many requests without a valid key")
    UNREADABLE_DOCUMENT = ("unreadable-document", 500, "A stored document is damaged")
    INTERNAL = ("internal", 500, "Segue failed")
    BUSY = ("busy", 503, "Too many requests are waiting")
    NOT_LOADED = ("not-loaded", 503, "The catalogue is not loaded yet")
    BROKER_UNAVAILABLE = ("broker-unavailable", 503, "Events cannot be taken now")
    DATABASE_UNAVAILABLE = ("database-unavailable", 503, "The database does not answer")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.type = f"urn:segue:problem:{slug}"
        self.status = status
        self.title = title


class Fault(Struct, frozen=True, kw_only=True, rename="camel"):
    """One place in a request that is wrong."""

    pointer: str
    """JSON pointer into the body, or the name of the parameter."""
    detail: str


class ProblemDocument(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Body of every error: `application/problem+json`."""

    type: str
    """Stable URI of the kind of problem."""
    title: str
    status: int
    detail: str
    """What is wrong here, and the way out."""
    faults: tuple[Fault, ...] = ()
    suggestions: tuple[str, ...] = ()
    """What may have been meant."""
    ids: tuple[str, ...] = ()
    """Ids of events that may or may not have been taken: send them again with these ids."""


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(self, problem: Problem, detail: str, *, retry_after: int | None = None, **fields: Any) -> None:
        super().__init__(detail)
        self.problem = problem
        self.document = ProblemDocument(
            type=problem.type, title=problem.title, status=problem.status, detail=detail, **fields
        )
        self.headers: Mapping[str, str] = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def encode(self) -> bytes:
        """JSON of the document."""
        return msgspec.json.encode(self.document)
