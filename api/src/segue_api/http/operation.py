"""An operation of the API: what it takes, what it answers, who may call it, and how it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct
from starlette.requests import Request

from segue_api.http.streams import Streams
from segue_api.http.workers import Workers
from segue_api.metrics import ApiMetrics, ServedTracks
from segue_api.ports import OpenFile, Store
from segue_api.problems import Problem
from segue_api.service.catalogues import Catalogues
from segue_api.service.intake import EventIntake
from segue_api.service.keyring import Identity
from segue_api.service.listeners import Listeners
from segue_api.service.media import Media
from segue_api.service.sessions import Sessions
from segue_core.contract import Role
from segue_core.listeners.profile import Profile

READERS = frozenset({Role.ADMIN, Role.LISTENER})
ADMINS = frozenset({Role.ADMIN})
EVERYBODY = frozenset(Role)

ParametersT = TypeVar("ParametersT", bound=Struct)
BodyT = TypeVar("BodyT")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Service:
    """Everything that operations use."""

    catalogues: Catalogues
    listeners: Listeners
    intake: EventIntake
    store: Store
    sessions: Sessions
    media: Media
    streams: Streams
    metrics: ApiMetrics
    compute: Workers
    """For what takes processor time."""
    io: Workers
    """For what waits for the database."""
    comparisons: Workers
    """For what loads another model: one at a time."""
    served: ServedTracks = field(default_factory=ServedTracks)
    clock: Callable[[], datetime] = _now

    async def profile(self, catalogue: str, user: str) -> Profile:
        """What is known of a listener; one who is in memory needs no thread.

        Raises
        ------
        StoreUnavailableError, UnreadableDocumentError
            As for `Listeners.profile`.
        """
        known = self.listeners.known(catalogue, user)
        if known is not None:
            return known
        return await self.io.run(lambda: self.listeners.profile(catalogue, user))


@dataclass(frozen=True)
class Call(Generic[ParametersT, BodyT]):
    """One request, decoded."""

    parameters: ParametersT
    body: BodyT
    identity: Identity
    request: Request
    """For what a body and parameters do not say: cookies, the scheme."""


@dataclass(frozen=True)
class Binary:
    """An answer that is not JSON."""

    content: bytes
    etag: str
    media_type: str = "application/octet-stream"


@dataclass(frozen=True)
class AudioFile:
    """An open file as answer; whoever sends it closes it."""

    file: OpenFile
    media_type: str


@dataclass(frozen=True)
class WithHeaders:
    """An answer with headers of its own."""

    answer: Struct
    headers: Mapping[str, str]


Answer = Struct | Binary | AudioFile | WithHeaders


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[ParametersT, BodyT]):
    """A method of a path."""

    name: str
    """The operation's id, and its label in the metrics."""
    method: str
    path: str
    summary: str
    parameters: type[ParametersT]
    handle: Callable[[Service, Call[ParametersT, BodyT]], Awaitable[Answer]]
    answer: type[Struct] | None
    """None for a binary answer."""
    body: type[Struct] | None = None
    """What the documentation says of the body."""
    decoded: type[Struct] | None = None
    """What the body is decoded as, if that is not the same."""
    key_of: Callable[[BodyT], str] | None = None
    """The key in the body, for an operation that is allowed by it and not by the request's own."""
    media_type: str = "application/octet-stream"
    """Of a binary answer."""
    partial: bool = False
    """Whether it may be a part of a file."""
    roles: frozenset[Role] = READERS
    status: int = 200
    problems: tuple[Problem, ...] = ()
    """Kinds of problems beyond those that every operation may have."""

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return self.path.replace(":path}", "}")


AnyOperation = Operation[Any, Any]
