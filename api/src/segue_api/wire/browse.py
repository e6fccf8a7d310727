"""Artists, genres and places on the map."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from segue_api.wire.common import CatalogueParameter, Limit, Names, Offset, Words

MAXIMUM_PLACES = 20_000


class NameListParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Words to look for, and which page."""

    q: Words = ""
    """Words that must all occur in the name; case and accents do not matter."""
    limit: Limit = 50
    offset: Offset = 0


class NamedCount(Struct, frozen=True, kw_only=True, rename="camel"):
    """An artist or a genre."""

    name: str
    tracks: int


class NameList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Artists or genres, those with most tracks first."""

    catalogue: str
    total: int
    """All that were found, on all pages."""
    offset: int
    names: tuple[NamedCount, ...]


class MapParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the fifth byte of a point says."""

    by: Literal["cluster", "genre"] = "cluster"
    """Place of its cluster in the list of clusters, or of its first genre in the list of genres; 255 for none of the
    first 255."""


class PlaceParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which tracks to find on the map."""

    q: Words = ""
    """Words as in a search; none for no search."""
    id: Names = ()
    """Ids of tracks; repeatable."""


class PlacesAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where tracks are on the map."""

    catalogue: str
    model: str
    ids: tuple[int | None, ...]
    """Place of each id among the points; null for a track that is not on the map."""
    found: Annotated[tuple[int, ...], Meta(max_length=MAXIMUM_PLACES)]
    """Places of what the words find, in the order of a search."""
    total: int
    """All that the words find."""
