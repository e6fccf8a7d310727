"""Names that many tracks share, numbered: artists, albums and genres, as they are written and as they are compared."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from segue_core.recommend.columns import Vocabulary
from segue_core.similarity.arrays import Booleans, Compact

_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
"""Marks above and below letters of Latin, Greek and Cyrillic; those of other scripts make other letters."""
NOBODY = frozenset(
    ("", "unknown", "unknown artist", "<unknown>", "[unknown]", "no artist", "n/a", "various", "various artists", "va")
)
"""Normalised artists that programs write when they know none: no two tracks share one."""


def normalise_name(name: str) -> str:
    """A name as it is compared: without case, compatibility forms and extra spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def searchable(name: str) -> str:
    """A name as it is searched: also without accents, which not everybody types."""
    plain = normalise_name(name)
    if plain.isascii():
        return plain
    apart = unicodedata.normalize("NFD", plain)
    return normalise_name("".join(one for one in apart if one not in _ACCENTS))


def identity(text: str) -> int:
    """A number of 64 bits for a text, the same in every process; 0 for none."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) if text else 0


@dataclass(frozen=True)
class SharedNames:
    """Numbers of names; only grows, so all versions of a table share it."""

    artists: Vocabulary[str] = field(default_factory=Vocabulary)
    normalised_artists: Vocabulary[str] = field(default_factory=Vocabulary)
    albums: Vocabulary[str] = field(default_factory=Vocabulary)
    genres: Vocabulary[tuple[str, ...]] = field(default_factory=Vocabulary)
    """Lists of genres: there are far fewer lists than tracks."""
    words: list[str] = field(default_factory=list)
    """What a network can say, in the order of the table's bytes; fixed when the table is made."""
    albums_by_name: dict[str, list[int]] = field(default_factory=dict)
    """Normalised name -> numbers of its spellings."""
    lists_by_genre: dict[str, list[int]] = field(default_factory=dict)
    """Normalised genre -> numbers of the lists that have it."""

    def add(self, artists: Iterable[str], albums: Iterable[str], genres: Iterable[tuple[str, ...]]) -> None:
        """Number these names, in their order."""
        for artist in artists:
            self.artists.number(artist)
            self._normalised_artist(normalise_name(artist))
        for album in albums:
            self._album(album)
        for names in genres:
            self._genres(names)

    def number(self, artist: str | None, album: str | None, genres: tuple[str, ...]) -> tuple[int, int, int, int]:
        """Numbers of the artist, the normalised artist, the album and the genres; -1 for what is unknown."""
        return (
            self.artists.number(artist) if artist else -1,
            self._normalised_artist(normalise_name(artist or "")),
            self._album(album) if album is not None else -1,
            self._genres(genres),
        )

    def _normalised_artist(self, name: str) -> int:
        return -1 if name in NOBODY else self.normalised_artists.number(name)

    def _album(self, album: str) -> int:
        known = self.albums.find(album)
        if known is None:
            known = self.albums.number(album)
            self.albums_by_name.setdefault(normalise_name(album), []).append(known)
        return known

    def _genres(self, genres: tuple[str, ...]) -> int:
        known = self.genres.find(genres)
        if known is None:
            known = self.genres.number(genres)
            for name in {normalise_name(genre) for genre in genres}:
                self.lists_by_genre.setdefault(name, []).append(known)
        return known


def members(codes: Compact, wanted: Sequence[int], size: int) -> Booleans:
    """Rows whose number is one of these; -1 never is.

    Parameters
    ----------
    codes
        (n,) -1 to ``size - 1``.
    """
    table = np.zeros(size + 1, dtype=np.bool_)
    table[np.asarray(wanted, dtype=np.intp)] = True
    table[size] = False
    found: Booleans = table[codes]
    return found
