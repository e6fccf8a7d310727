"""Types that several requests and answers share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

MAXIMUM_LIMIT = 500
MAXIMUM_OFFSET = 10_000_000
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

Name = Annotated[str, Meta(min_length=1, max_length=512, pattern=PRINTABLE)]
"""A user, a track or a catalogue: 1 to 512 characters, no control characters."""
Words = Annotated[str, Meta(max_length=200)]
RangeText = Annotated[
    str, Meta(max_length=50, description="FROM..TO, FROM.., ..TO or one number", examples=["1990..1999"])
]
Limit = Annotated[int, Meta(ge=1, le=MAXIMUM_LIMIT)]
Offset = Annotated[int, Meta(ge=0, le=MAXIMUM_OFFSET)]
Names = Annotated[tuple[Name, ...], Meta(max_length=1000)]


class CatalogueParameter(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The catalogue that a request is about; needed only where several are served."""

    catalogue: Name | None = None


class FilterParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Filters that every track of an answer passes; a track with an unknown value passes no filter on it."""

    genre: Names = ()
    """Any of these genres; repeatable."""
    year: RangeText | None = None
    tempo: RangeText | None = None
    """In BPM."""
    duration: RangeText | None = None
    """In seconds."""
    sounds: Words = ""
    """Words that a network says of the track, all of them: an estimate, ranked within the catalogue."""
