"""One visit of a page: who looks, at which catalogue, and how the page asks the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct
from starlette.requests import Request

from segue_api.http.operation import Call, Service
from segue_api.service.catalogues import Served
from segue_api.service.keyring import Identity
from segue_core.contract import Role
from segue_core.listeners.profile import Profile
from segue_core.store.keys import SHARED_LISTENER
from segue_core.store.profiles import Opinion

ParametersT = TypeVar("ParametersT", bound=Struct)
AnswerT = TypeVar("AnswerT")
T = TypeVar("T")


@dataclass(frozen=True)
class Visit:
    """A request for a page, with its key checked."""

    request: Request
    service: Service
    identity: Identity
    served: Served

    @property
    def user(self) -> str:
        """The listener."""
        return self.identity.user or SHARED_LISTENER

    @property
    def is_shared(self) -> bool:
        """Whether the listener is everybody whose key names none."""
        return self.identity.user is None

    @property
    def is_owner(self) -> bool:
        """Whether the owner's pages may be shown."""
        return self.identity.role is Role.ADMIN

    @property
    def plays(self) -> bool:
        """Whether tracks can be heard here."""
        return self.service.media.plays(self.served.name)

    @property
    def words(self) -> Sequence[str]:
        """What a network can say of the tracks; empty if none has heard them."""
        return sorted(self.served.recommender.tracks.names.words, key=str.casefold)

    @property
    def catalogues(self) -> tuple[str, ...]:
        """Names of all catalogues that are served."""
        return tuple(sorted(self.service.catalogues.served))

    async def ask(
        self, handle: Callable[[Service, Call[ParametersT, None]], Awaitable[AnswerT]], parameters: ParametersT
    ) -> AnswerT:
        """The answer of an operation of the API, as the same request would get it."""
        return await handle(self.service, Call(parameters, None, self.identity, self.request))

    async def compute(self, work: Callable[[], T]) -> T:
        """The result of work that takes processor time."""
        return await self.service.compute.run(work)

    async def profile(self) -> Profile:
        """What is known of the listener."""
        return await self.service.profile(self.served.name, self.user)


def opinions_of(profile: Profile) -> Mapping[str, str]:
    """Track id -> like or dislike."""
    return {one.track_id: one.opinion.value for one in profile.opinions.values() if one.opinion is not Opinion.NONE}
