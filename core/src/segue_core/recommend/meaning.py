"""What a person means by a text: an id, or the title, the artist or the album of tracks. Nothing is guessed. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np

from segue_core.contract.wording import similar
from segue_core.recommend.track_names import normalise_name
from segue_core.recommend.track_table import Label, Tracks
from segue_core.similarity.arrays import Integers

_SHORTEST_PART = 3
"""Characters of a part of a title that may stand for the whole."""
_LONGEST = 600
_SEARCHED = 20_000
_ALIKE = 0.7
"""Similarity from which names are near; see `wording.similar`."""
_DASHES = dict.fromkeys(range(0x2010, 0x2016), "-")
"""Hyphens and dashes of every length."""


class Sort(StrEnum):
    """What a text can name; before a colon, it says which is meant: ``artist:Prince``."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"


@dataclass(frozen=True)
class Reading:
    """One thing that a text can mean."""

    typed: str
    """What to type so that it means nothing else."""
    name: str
    """For people: 'Castle - Ardentryst', or 'artist Prince, 12 tracks'."""
    track_ids: tuple[str, ...]


def readings(tracks: Tracks, text: str, *, absent: Collection[str] = ()) -> tuple[Reading, ...]:
    """Everything that a text can mean; one reading is an answer, several are candidates, none means nothing.

    The first of these that matches anything counts: an id, exactly or in forms that a keyboard has; the sort that
    stands before a colon; a whole title, with or without its artist, an artist or an album; a part of a title.

    Parameters
    ----------
    absent
        Other known ids.
    """
    if text in tracks.row_of or text in absent:
        return (Reading(text, text, (text,)),)
    text = text[:_LONGEST]
    if found := typed_back(tracks.row_of, text):
        return tuple(Reading(one, one, (one,)) for one in found)
    head, colon, name = text.partition(":")
    if colon and head.strip().casefold() in list(Sort):
        return _named(tracks, name, Sort(head.strip().casefold()))
    names = [reading for sort in Sort for reading in _named(tracks, text, sort)]
    by_tracks: dict[frozenset[str], Reading] = {}
    for reading in names:
        by_tracks.setdefault(frozenset(reading.track_ids), reading)
    return tuple(by_tracks.values()) or _with_part(tracks, text)


def typed_back(known: Iterable[str], text: str) -> list[str]:
    """Ids that a terminal can show as this text: spaces and letters as a keyboard has them, or as escapes."""
    wanted = _plain(text)
    if "\\" not in text:
        return [one for one in known if _plain(one) == wanted]
    return [one for one in known if _plain(one) == wanted or text in map(_escaped, (one, one), ("ascii", "latin-1"))]


def _escaped(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _compared(name: str) -> str:
    return normalise_name(name.translate(_DASHES))


def _named(tracks: Tracks, text: str, sort: Sort) -> tuple[Reading, ...]:
    wanted = _compared(text)
    if not wanted:
        return ()
    if sort is Sort.TITLE:
        return tuple(_track(label) for label in _titled(tracks, wanted))
    return _group(tracks, wanted, sort)


def _rows(tracks: Tracks) -> Integers:
    return np.array(sorted(tracks.row_of.values()), dtype=np.intp)


def _titled(tracks: Tracks, wanted: str) -> Iterator[Label]:
    """Tracks with this title, alone, before or after the artist."""
    for label in tracks.labels_of(_rows(tracks)):
        if label.title is None:
            continue
        title, artist = _compared(label.title), _compared(label.artist or "")
        if wanted in (title, f"{title} - {artist}", f"{artist} - {title}"):
            yield label


def _track(label: Label) -> Reading:
    return Reading(label.track_id, " - ".join(filter(None, (label.title, label.artist))), (label.track_id,))


def _group(tracks: Tracks, wanted: str, sort: Sort) -> tuple[Reading, ...]:
    """All tracks of an artist or of an album; their spellings may differ in case."""
    vocabulary = tracks.names.artists if sort is Sort.ARTIST else tracks.names.albums
    numbers = [number for number, name in enumerate(vocabulary) if _compared(name) == wanted]
    if not numbers:
        return ()
    codes = tracks.columns[sort.value].values
    rows = _rows(tracks)
    rows = rows[np.isin(codes[rows], numbers)]
    if not len(rows):
        return ()
    name = vocabulary[int(codes[rows[0]])]
    count = f"{len(rows)} track{'' if len(rows) == 1 else 's'}"
    return (Reading(f"{sort}:{name}", f"{sort} {name}, {count}", tuple(tracks.ids_of(rows))),)


def _with_part(tracks: Tracks, text: str) -> tuple[Reading, ...]:
    """Tracks whose title, or artist and title, has this part."""
    wanted = _compared(text)
    if len(wanted) < _SHORTEST_PART:
        return ()
    return tuple(_track(label) for label in tracks.labels_of(_rows(tracks)) if wanted in _compared(_label(label)))


def _label(label: Label) -> str:
    return " - ".join(filter(None, (label.artist, label.title)))


def near(tracks: Tracks, text: str, count: int = 5) -> tuple[Reading, ...]:
    """What is spelt like a text: titles, artists and albums; of a large catalogue, only its first titles."""
    labels = tracks.labels_of(_rows(tracks)[:_SEARCHED])
    titles = {label.title: label for label in reversed(labels) if label.title}
    text = text[:_LONGEST]
    found = [_track(titles[one]) for one in similar(text, titles, limit=count, cutoff=_ALIKE)]
    for sort, vocabulary in ((Sort.ARTIST, tracks.names.artists), (Sort.ALBUM, tracks.names.albums)):
        for name in similar(text, islice(vocabulary, _SEARCHED), limit=count, cutoff=_ALIKE):
            found += _group(tracks, _compared(name), sort)
    return tuple(found[:count])
