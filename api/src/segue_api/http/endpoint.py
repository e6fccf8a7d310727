"""Carries out an operation for a request, and turns what goes wrong into a problem document."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from segue_api.http.access import Access, check_role, check_user
from segue_api.http.audio_answer import BINARY_HEADERS, HEADERS, audio_response
from segue_api.http.byte_range import matches_etag
from segue_api.http.call import decode_body, read_body, read_parameters
from segue_api.http.operation import Answer, AnyOperation, AudioFile, Binary, Call, Service, WithHeaders
from segue_api.ports import StoreUnavailableError
from segue_api.problems import MEDIA_TYPE, Problem, ProblemError
from segue_api.service.keyring import Identity
from segue_core.errors import ProgramError
from segue_core.recommend.question_errors import (
    AbsentTrackError,
    RecommendError,
    UnknownTrackError,
    UnreadableModelError,
)
from segue_core.store.unreadable import UnreadableDocumentError

logger = logging.getLogger(__name__)

_JSON = "application/json"
_BAD_REQUEST = Problem.INVALID_PARAMETER


def problem_response(error: ProblemError) -> Response:
    """A problem document as a response."""
    return Response(error.encode(), error.document.status, headers={**HEADERS, **error.headers}, media_type=MEDIA_TYPE)


_KINDS: tuple[tuple[type[Exception], Problem, int | None], ...] = (
    (UnknownTrackError, Problem.UNKNOWN_TRACK, None),
    (AbsentTrackError, Problem.TRACK_NOT_IN_MODEL, None),
    (UnreadableModelError, Problem.MODEL_UNUSABLE, None),
    (RecommendError, Problem.QUESTION_REFUSED, None),
    (UnreadableDocumentError, Problem.UNREADABLE_DOCUMENT, None),
    (StoreUnavailableError, Problem.DATABASE_UNAVAILABLE, 5),
    (ProgramError, Problem.DATABASE_UNAVAILABLE, 1),
)
"""Kind of problem of each error, and the seconds to wait; the first that fits counts."""


def as_problem(error: Exception) -> ProblemError:
    """The problem that an error is; an error that nobody expects is logged."""
    if isinstance(error, ProblemError):
        return error
    for kind, problem, wait in _KINDS:
        if isinstance(error, kind):
            suggestions = error.suggestions if isinstance(error, UnknownTrackError) else ()
            return ProblemError(problem, str(error), retry_after=wait, suggestions=suggestions)
    logger.error("unexpected failure", exc_info=error)
    return ProblemError(Problem.INTERNAL, "the failure is in the log of the service")


def endpoint(operation: AnyOperation, service: Service, access: Access) -> Callable[[Request], Awaitable[Response]]:
    """The operation as Starlette wants it."""

    async def respond(request: Request) -> Response:
        try:
            request.scope["segue.operation"] = operation.name
            answer, identity = await _carry_out(operation, service, access, request)
            if isinstance(answer, AudioFile):
                return audio_response(request, answer, service.streams, identity)
            return _response(operation, request, answer)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.NO_CONTENT)  # nobody reads it
        except Exception as error:  # noqa: BLE001 - every error has its problem document
            return problem_response(as_problem(error))

    return respond


async def _carry_out(
    operation: AnyOperation, service: Service, access: Access, request: Request
) -> tuple[Answer, Identity]:
    kind, body = operation.decoded or operation.body, None
    if operation.key_of is not None and kind is not None:
        body = decode_body(kind, await read_body(request))
        identity = await access.identify_key(request, operation.key_of(body))
    else:
        identity = await access.identify(request)
    request.scope["segue.key"] = identity.key
    check_role(identity, operation.roles)
    parameters = read_parameters(operation.parameters, request.path_params, request.query_params.multi_items())
    user = getattr(parameters, "user", None)
    if user is not None:
        check_user(identity, user)
    if kind is not None and body is None:
        body = decode_body(kind, await read_body(request))
    return await operation.handle(service, Call(parameters, body, identity, request)), identity


def _response(operation: AnyOperation, request: Request, answer: Any) -> Response:
    own: Mapping[str, str] = {}
    if isinstance(answer, WithHeaders):
        answer, own = answer.answer, answer.headers
    if not isinstance(answer, Binary):
        return Response(msgspec.json.encode(answer), operation.status, headers={**HEADERS, **own}, media_type=_JSON)
    headers = {**BINARY_HEADERS, "ETag": answer.etag}
    if matches_etag(request.headers.get("if-none-match"), answer.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(answer.content, operation.status, headers=headers, media_type=answer.media_type)


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """Paths and methods that there are not."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    known = {404: Problem.NO_SUCH_PATH, 405: Problem.METHOD_NOT_ALLOWED, 500: Problem.INTERNAL}
    found = ProblemError(known.get(status, _BAD_REQUEST), "the paths are at /v1/openapi.json")
    found.headers = dict(getattr(error, "headers", None) or {})
    return problem_response(found)
