"""The cookie of a session, and when it counts. No I/O.

A browser sends a cookie along with whatever any page asks for. So it counts only for requests that the service's own
pages make: another site's are told by what the browser says of them, and so is another port of the same machine, which
`SameSite` lets pass.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil

from starlette.requests import Request

_NAME = "segue"
_SECURE_NAME = "__Host-segue"
"""Browsers take this name from nobody but the host itself, over TLS."""
_OWN = ("same-origin", "none")
"""``none``: typed, or from a bookmark."""
_SAFE = ("GET", "HEAD")


def session_cookie(request: Request) -> str | None:
    """The token in the cookie of a request, if it counts."""
    token = request.cookies.get(_name(request))
    return token if token and is_own(request) else None


def is_own(request: Request) -> bool:
    """Whether a request was made by the service's own pages, or by no page at all."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN
    origin = request.headers.get("origin")
    if origin is None:
        return request.method in _SAFE
    return origin.partition("://")[2].lower() == request.headers.get("host", "").lower()


def set_cookie(request: Request, token: str, expires: datetime, now: datetime) -> str:
    """Header that gives the browser a session."""
    return _header(request, token, max(0, ceil((expires - now).total_seconds())))


def clear_cookie(request: Request) -> str:
    """Header that takes the session from the browser."""
    return _header(request, "", 0)


def _header(request: Request, value: str, seconds: int) -> str:
    secure = "; Secure" if _is_secure(request) else ""
    return f"{_name(request)}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _name(request: Request) -> str:
    return _SECURE_NAME if _is_secure(request) else _NAME


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
