"""Who makes a request: the key in its header, and what that key allows."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request

from segue_api.http.cookies import is_own, session_cookie
from segue_api.http.failures import FailureLimit
from segue_api.http.workers import Workers
from segue_api.problems import Problem, ProblemError
from segue_api.service.keyring import Identity, Keyring
from segue_api.service.sessions import Sessions
from segue_core.contract import Role

_LONGEST_HEADER = 300


class Access:
    """Checks the key of a request, ``Authorization: Bearer segue_...``, or its session's cookie."""

    def __init__(self, keyring: Keyring, sessions: Sessions, failures: FailureLimit, io: Workers) -> None:
        self._keyring = keyring
        self._sessions = sessions
        self._failures = failures
        self._io = io

    async def identify(self, request: Request) -> Identity:
        """Whose key the request has.

        Raises
        ------
        ProblemError
            It has none, or one that is not valid; after too many of those from one address, it has to wait.
        """
        header = request.headers.get("authorization", "")
        if not header and (cookie := session_cookie(request)):
            return await self._identify_session(cookie)
        scheme, _, token = header[:_LONGEST_HEADER].partition(" ")
        token = token.strip()
        found = await self._find(token) if scheme.lower() == "bearer" and token else None
        if found is None:
            raise self._refusal(request, given=bool(header))
        return found

    async def identify_key(self, request: Request, token: str) -> Identity:
        """Whose key a body has, for a request of the service's own pages.

        Raises
        ------
        ProblemError
            As for `identify`; or another site's page made the request.
        """
        if request.headers.get("origin") is not None and not is_own(request):
            raise ProblemError(Problem.NOT_ALLOWED, "a page of another site may not sign in here")
        found = await self._find(token)
        if found is None:
            raise self._refusal(request, given=True)
        return found

    async def _find(self, token: str) -> Identity | None:
        found = self._keyring.identify(token)
        if found is None and self._keyring.may_be_new(token):
            await self._io.run(self._keyring.refresh)
            found = self._keyring.identify(token)
        return found

    async def _identify_session(self, cookie: str) -> Identity:
        if not self._sessions.is_fresh(cookie):
            await self._io.run(lambda: self._sessions.look(cookie))
        found = self._sessions.identify(cookie)
        if found is None:  # not counted as a failure: a page sends many requests before it knows
            raise _key_needed("the session is over; sign in again")
        return found

    def _refusal(self, request: Request, *, given: bool) -> ProblemError:
        wait = self._failures.fail(request.client.host if request.client else "")
        if wait is not None:
            return ProblemError(
                Problem.TOO_MANY_FAILURES,
                f"this address has sent too many requests without a valid key; wait {wait} s",
                retry_after=wait,
            )
        detail = "the key is not valid, or was revoked" if given else "the request has no key"
        return _key_needed(f"{detail}; send the header Authorization: Bearer KEY (segue keys create makes one)")


def _key_needed(detail: str) -> ProblemError:
    error = ProblemError(Problem.KEY_NEEDED, detail)
    error.headers = {"WWW-Authenticate": 'Bearer realm="segue"'}
    return error


def check_role(identity: Identity, roles: Collection[Role]) -> None:
    """Check that the key's role may do this.

    Raises
    ------
    ProblemError
        It may not.
    """
    if identity.role not in roles:
        allowed = " or ".join(sorted(roles))
        raise ProblemError(Problem.NOT_ALLOWED, f"this needs a key of the role {allowed}, not {identity.role}")


def check_user(identity: Identity, user: str) -> None:
    """Check that a listener's key is used for that listener.

    Raises
    ------
    ProblemError
        It belongs to another one.
    """
    if identity.role is Role.LISTENER and user != identity.user:
        raise ProblemError(Problem.NOT_ALLOWED, "this key belongs to another listener")
