"""Words that a network says of tracks: kept in a byte each, ranked within the catalogue, asked for by people's words.

A probability of a network means little: some tags are rare, some networks are timid. So only the rank counts: a track
is 'mellow' if the tag fits it better than three quarters of the catalogue. All of it is an estimate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from segue_core.contract.wording import similar
from segue_core.recommend.question_errors import UnknownWordError
from segue_core.recommend.track_names import normalise_name
from segue_core.similarity.arrays import Booleans, Integers, Singles

Bytes = NDArray[np.uint8]

UNKNOWN = 255
"""Stands for a word that nobody said of a track."""
FITS = 75
"""Rank from which a word fits a track: it fits it better than so many percent of the catalogue."""
_STEPS_PER_LOGIT = 12.5
_MIDDLE = 127
_LARGEST = 254
_PASSED_OVER = frozenset(
    (
        *("a", "an", "and", "for", "in", "like", "music", "of", "or", "something", "song", "songs", "sound", "sounds"),
        *("that", "the", "to", "track", "tracks", "with"),
    )
)

_CALM = ("mellow", "chillout", "chill", "easy listening", "ambient")
_FEMALE, _MALE = ("female vocalists", "female vocalist"), ("male vocalists",)
_LIVELY = ("party", "dance", "catchy")
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("calm", "gentle", "peaceful", "quiet", "relaxed", "relaxing", "slow", "soft"), _CALM),
        **dict.fromkeys(("atmospheric", "dreamy", "spacey"), ("ambient", "chillout")),
        **dict.fromkeys(("energetic", "lively", "upbeat"), _LIVELY),
        **dict.fromkeys(("danceable", "club", "clubbing"), ("dance", "house", "party")),
        **dict.fromkeys(("cheerful", "joyful", "merry"), ("happy",)),
        **dict.fromkeys(("melancholic", "melancholy", "sorrowful", "gloomy"), ("sad",)),
        **dict.fromkeys(("aggressive", "hard", "heavy"), ("metal", "heavy metal", "hard rock")),
        **dict.fromkeys(("synth", "synthetic", "techno", "trance"), ("electronic", "electronica", "electro")),
        **dict.fromkeys(("singing", "sung", "vocal", "vocals", "voice"), (*_FEMALE, *_MALE)),
        **dict.fromkeys(("female", "female voice", "woman"), _FEMALE),
        **dict.fromkeys(("male", "male voice", "man"), _MALE),
        **dict.fromkeys(("guitars", "guitar music"), ("guitar",)),
        **dict.fromkeys(("unplugged",), ("acoustic",)),
        **dict.fromkeys(("hip hop", "hiphop", "rap"), ("hip-hop",)),
        **dict.fromkeys(("r&b", "r and b"), ("rnb",)),
        **dict.fromkeys(("prog", "prog rock", "progressive"), ("progressive rock",)),
        **dict.fromkeys(("old", "vintage"), ("oldies", "60s", "70s")),
        **dict.fromkeys(("weird", "avant-garde"), ("experimental",)),
        **dict.fromkeys(("pretty",), ("beautiful",)),
    }
)
"""What people say -> tags of the published network, any of which is meant."""
_LONGEST = max(len(word.split()) for word in SYNONYMS) + 1


@lru_cache(maxsize=64)
def shared_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for all tracks that have the same words."""
    return names


def to_bytes(words: Mapping[str, float]) -> bytes:
    """Probabilities as bytes, in the words' order: steps of equal odds, so that rare words keep their ranks."""
    shares = np.clip(np.fromiter(words.values(), dtype=np.float64, count=len(words)), 1e-6, 1 - 1e-6)
    logits = np.log(shares / (1 - shares))
    steps = np.clip(np.rint(_MIDDLE + _STEPS_PER_LOGIT * logits), 0, _LARGEST)
    return bytes(np.nan_to_num(steps, nan=UNKNOWN).astype(np.uint8))


def column_of(cards: Iterable[tuple[tuple[str, ...], bytes]], names: Sequence[str]) -> Bytes:
    """(m, words) bytes; unknown for a track of which other words are said, or none."""
    nothing = bytes([UNKNOWN]) * len(names)
    wanted = tuple(names)
    lines = [said if own == wanted and len(said) == len(wanted) else nothing for own, said in cards]
    return np.frombuffer(b"".join(lines), dtype=np.uint8).reshape(len(lines), len(names))


def ranks(column: Bytes, removed: Integers, values: Bytes | None = None) -> Singles:
    """How many percent of the catalogue a word fits less than each track; NaN if unknown.

    Parameters
    ----------
    column
        (n,) bytes of one word.
    removed
        Rows that do not count.
    values
        (m,) bytes to rank; all by default.
    """
    counts = np.bincount(column, minlength=256)
    counts -= np.bincount(column[removed], minlength=256)
    counts[UNKNOWN] = 0
    below = np.cumsum(counts) - counts
    table = (100.0 * (below + counts / 2) / max(int(counts.sum()), 1)).astype(np.float32)
    table[UNKNOWN] = np.nan
    return table[column if values is None else values]


def understand(text: str, known: Sequence[str]) -> list[tuple[str, ...]]:
    """The tags that each word of a text means; a track must fit one of each.

    Parameters
    ----------
    text
        Words of people, for example ``calm acoustic guitar``; longer names are tried first.
    known
        The tags that are said of the catalogue's tracks.

    Raises
    ------
    UnknownWordError
        A word means no tag.
    """
    parts = [part for part in re.split(r"[\s,;]+", normalise_name(text)) if part not in _PASSED_OVER and part]
    tags = {normalise_name(tag): tag for tag in known}
    meant, place = [], 0
    while place < len(parts):
        for length in range(min(max(_LONGEST, *(len(tag.split()) for tag in tags), 1), len(parts) - place), 0, -1):
            found = _meaning(" ".join(parts[place : place + length]), tags)
            if found:
                meant.append(found)
                place += length
                break
        else:
            raise UnknownWordError(parts[place], similar(parts[place], {*tags, *SYNONYMS}), sorted(tags))
    return meant


def _meaning(name: str, tags: Mapping[str, str]) -> tuple[str, ...]:
    if name in tags:
        return (tags[name],)
    return tuple(tags[tag] for tag in SYNONYMS.get(name, ()) if tag in tags)


def fitting(column: Bytes, names: Sequence[str], removed: Integers, meant: Sequence[Sequence[str]]) -> Booleans:
    """Rows that one tag of each group fits; (n,)."""
    fits = np.ones(len(column), dtype=np.bool_)
    places = {name: place for place, name in enumerate(names)}
    for group in meant:
        found = np.zeros(len(column), dtype=np.bool_)
        for tag in group:
            found |= ranks(column[:, places[tag]], removed) >= FITS
        fits &= found
    return fits


def estimates(column: Bytes, names: Sequence[str], removed: Integers, row: int, count: int = 5) -> dict[str, int]:
    """The words that fit a row best, with their ranks in percent, best first; empty if nobody said any of it."""
    found = {name: ranks(column[:, place], removed, column[[row], place])[0] for place, name in enumerate(names)}
    fit = sorted(((float(rank), name) for name, rank in found.items() if rank >= FITS), reverse=True)
    return {name: round(rank) for rank, name in fit[:count]}
