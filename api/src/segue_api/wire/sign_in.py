"""Signing in: a session for a browser, made with a key."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class NoParameters(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Nothing."""


class SignInBody(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who signs in."""

    key: Annotated[str, Meta(min_length=1, max_length=300)]
    """``segue_...``"""


class SignedIn(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose requests these are."""

    role: str
    user: str | None
    """The listener that the key belongs to; null for a key of another role."""
    key: str
    """Id of the key."""
    expires: str | None
    """When the session ends, RFC 3339, UTC; null for a request with a key."""


class SignedOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """The session is over."""

    signed_out: bool = True
