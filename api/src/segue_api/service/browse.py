"""Artists, albums and genres of a catalogue: which there are, and their tracks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_api.service.search import present_rows
from segue_core.recommend.track_names import members, normalise_name, searchable
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Booleans, Integers


@dataclass(frozen=True)
class NamedGroup:
    """An artist or a genre, and how many tracks it has."""

    name: str
    tracks: int


def genres_of(tracks: Tracks) -> list[NamedGroup]:
    """All genres, those with most tracks first; spellings that differ in case are one genre."""
    lists = np.bincount(tracks.genres[present_rows(tracks)], minlength=len(tracks.names.genres)).tolist()
    counts, names = Counter[str](), dict[str, str]()
    for number, count in enumerate(lists):
        for genre in {normalise_name(one): one for one in tracks.names.genres[number]}.values() if count else ():
            names.setdefault(normalise_name(genre), genre)
            counts[normalise_name(genre)] += count
    return [NamedGroup(names[key], count) for key, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]


def artists_of(tracks: Tracks, words: str = "") -> list[NamedGroup]:
    """Artists whose name has every word, those with most tracks first."""
    rows = np.flatnonzero(present_rows(tracks) & (tracks.artists >= 0))
    numbers, first, counts = np.unique(tracks.artists[rows], return_index=True, return_counts=True)
    spelled = tracks.columns["artist"].values[rows[first]].tolist()
    wanted = searchable(words).split()
    found = [
        NamedGroup(tracks.names.artists[spelling], count)
        for number, spelling, count in zip(numbers.tolist(), spelled, counts.tolist(), strict=True)
        if _has_words(tracks.names.normalised_artists[number], wanted)
    ]
    return sorted(found, key=lambda one: (-one.tracks, normalise_name(one.name)))


def _has_words(name: str, wanted: Sequence[str]) -> bool:
    text = searchable(name) if wanted else ""
    return all(word in text for word in wanted)


def rows_of_artist(tracks: Tracks, name: str) -> Integers:
    """Rows of an artist's tracks, whatever the case of the name."""
    number = tracks.names.normalised_artists.find(normalise_name(name))
    return _rows(tracks, np.zeros(len(tracks), dtype=np.bool_) if number is None else tracks.artists == number)


def rows_of_album(tracks: Tracks, album: str, artist: str | None = None) -> Integers:
    """Rows of an album's tracks; of one artist alone, if one is given."""
    numbers = tracks.names.albums_by_name.get(normalise_name(album), [])
    rows = _rows(tracks, members(tracks.albums, numbers, len(tracks.names.albums)))
    return rows if artist is None else np.intersect1d(rows, rows_of_artist(tracks, artist))


def rows_of_genre(tracks: Tracks, genre: str) -> Integers:
    """Rows of a genre's tracks."""
    numbers = tracks.names.lists_by_genre.get(normalise_name(genre), [])
    return _rows(tracks, members(tracks.genres, numbers, len(tracks.names.genres)))


def _rows(tracks: Tracks, wanted: Booleans) -> Integers:
    return np.flatnonzero(present_rows(tracks) & wanted)


def natural(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """A sort key by which "Track 2" comes before "Track 10"; two names never share a place."""
    parts = re.split(r"(\d{1,18})", normalise_name(name))
    return tuple((int(part), "") if number % 2 else (0, part) for number, part in enumerate(parts)), name
