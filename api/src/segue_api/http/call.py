"""Reads a request into the types of its operation, and says precisely what is wrong with it."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from starlette.requests import Request

from segue_api.problems import Fault, Problem, ProblemError

MAXIMUM_BODY = 1_000_000
"""Bytes."""
BODY_SECONDS = 30.0
"""How long a body may take to arrive."""

_MISSING = re.compile("Object missing required field `(.+)`")

StructT = TypeVar("StructT", bound=Struct)


def read_parameters(kind: type[StructT], path: Mapping[str, Any], query: Iterable[tuple[str, str]]) -> StructT:
    """Path and query parameters as one value.

    Raises
    ------
    ProblemError
        A parameter is unknown, repeated where only one value is possible, or not valid.
    """
    repeatable = _parameters(kind)
    given: dict[str, Any] = dict(path)
    for name, value in query:
        if name not in repeatable or name in path:
            _refuse(name, f"there is no such parameter; use {', '.join(sorted(repeatable.keys() - path.keys()))}")
        if repeatable[name]:
            given.setdefault(name, []).append(value)
        elif name in given:
            _refuse(name, "it is given twice; give it once")
        else:
            given[name] = value
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        detail, pointer = _split(str(error))
        if missing := _MISSING.fullmatch(detail):
            detail, pointer = "it is missing", missing[1]
        raise ProblemError(
            Problem.INVALID_PARAMETER,
            f"parameter {pointer.strip('/').partition('/')[0]!r}: {detail}" if pointer else detail,
            faults=(Fault(pointer=pointer.strip("/"), detail=detail),) if pointer else (),
        ) from None


@functools.cache
def _parameters(kind: type[Struct]) -> Mapping[str, bool]:
    """Names of an operation's parameters, and whether each may be given several times."""
    return {field.encode_name: _is_repeatable(field.type) for field in msgspec.structs.fields(kind)}


def _is_repeatable(kind: Any) -> bool:
    origin = get_origin(kind)
    if origin is tuple:
        return True
    return any(_is_repeatable(argument) for argument in get_args(kind)) if origin is not None else False


def _refuse(name: str, detail: str) -> None:
    shown = name[:100]
    raise ProblemError(
        Problem.INVALID_PARAMETER, f"parameter {shown!r}: {detail}", faults=(Fault(pointer=shown, detail=detail),)
    )


def _split(message: str) -> tuple[str, str]:
    """A message of msgspec as a sentence and a JSON pointer."""
    detail, found, place = message.partition(" - at `$")
    pointer = place.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/") if found else ""
    return detail, pointer


async def read_body(request: Request) -> bytes:
    """The body, if it is JSON and not too large.

    Raises
    ------
    ProblemError
        It is another media type, larger than `MAXIMUM_BODY`, or slower than `BODY_SECONDS`.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ProblemError(Problem.UNSUPPORTED_MEDIA_TYPE, f"the body is {media_type[:100]!r}; send application/json")
    too_large = ProblemError(
        Problem.BODY_TOO_LARGE, f"the body has more than {MAXIMUM_BODY:,} bytes; send it in several requests"
    )
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and (len(length) > 15 or int(length) > MAXIMUM_BODY):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAXIMUM_BODY:
                    raise too_large
    except TimeoutError:
        raise ProblemError(
            Problem.BODY_TOO_SLOW, f"the body did not arrive within {BODY_SECONDS:.0f} s; send it again"
        ) from None
    return bytes(body)


def decode_body(kind: type[StructT], body: bytes) -> StructT:
    """The body as a value.

    Raises
    ------
    ProblemError
        It is not JSON, nested too deeply, or does not have the form that it must have.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError:
        raise ProblemError(Problem.INVALID_BODY, "the body is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        detail, pointer = _split(str(error))
        raise ProblemError(
            Problem.INVALID_BODY,
            f"{pointer or 'the body'}: {detail}",
            faults=(Fault(pointer=pointer, detail=detail),),
        ) from None
