"""Signing in, for browsers: a page and its ``<audio>`` elements cannot send a key in a header."""

from __future__ import annotations

from segue_api.http.cookies import clear_cookie, set_cookie
from segue_api.http.operation import EVERYBODY, AnyOperation, Call, Operation, Service, WithHeaders
from segue_api.problems import Problem
from segue_api.service.keyring import Identity
from segue_api.wire.sign_in import NoParameters, SignedIn, SignedOut, SignInBody
from segue_core.contract.times import timestamp
from segue_core.store.sessions import SessionRecord


def _signed_in(identity: Identity, session: SessionRecord | None) -> SignedIn:
    expires = timestamp(session.expires) if session else None
    return SignedIn(role=str(identity.role), user=identity.user, key=identity.key, expires=expires)


async def sign_in(service: Service, call: Call[NoParameters, SignInBody]) -> WithHeaders:
    """Begin a session."""
    now = service.clock()
    made = await service.io.run(lambda: service.sessions.begin(call.identity, now))
    cookie = set_cookie(call.request, made.token, made.record.expires, now)
    return WithHeaders(_signed_in(call.identity, made.record), {"Set-Cookie": cookie})


async def who_am_i(_service: Service, call: Call[NoParameters, None]) -> SignedIn:
    """Say whose requests these are."""
    return _signed_in(call.identity, call.identity.session)


async def sign_out(service: Service, call: Call[NoParameters, None]) -> WithHeaders:
    """End the session."""
    await service.io.run(lambda: service.sessions.end(call.identity))
    return WithHeaders(SignedOut(), {"Set-Cookie": clear_cookie(call.request)})


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="signIn",
        method="POST",
        path="/v1/sign-in",
        summary="Begin a session: the answer sets a cookie that counts in place of the key.",
        parameters=NoParameters,
        handle=sign_in,
        answer=SignedIn,
        body=SignInBody,
        key_of=lambda body: body.key,
        roles=EVERYBODY,
        problems=(Problem.DATABASE_UNAVAILABLE,),
    ),
    Operation(
        name="whoAmI",
        method="GET",
        path="/v1/sign-in",
        summary="Whose requests these are, by the session or by the key.",
        parameters=NoParameters,
        handle=who_am_i,
        answer=SignedIn,
        roles=EVERYBODY,
    ),
    Operation(
        name="signOut",
        method="DELETE",
        path="/v1/sign-in",
        summary="End the session.",
        parameters=NoParameters,
        handle=sign_out,
        answer=SignedOut,
        roles=EVERYBODY,
        problems=(Problem.DATABASE_UNAVAILABLE,),
    ),
)
