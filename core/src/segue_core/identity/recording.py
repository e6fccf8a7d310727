"""Whether two files are certainly the same recording in other bytes: encoded, cut to tags, or downloaded again.

There is no model yet when ids are given, so vectors are compared on fixed scales: each dimension's usual deviation over
a catalogue. Measured on 39 pieces of game music and 31 encodings of eight of them (FLAC, MP3 at 128 and 64 kbit/s,
Vorbis q2, Opus at 96 kbit/s): 29 encodings are at most 0.39 from their original, two coarse Vorbis ones 0.58 and 0.83.
Two pieces are at least 0.53 apart, 0.66 if their durations agree. Above the limit, an encoding gets an id of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from segue_core.contract import Family
from segue_core.features.layout import N_DELTA_MFCC, N_MFCC

MAXIMUM_DISTANCE = 0.4
MAXIMUM_SECONDS = 1.5
"""How much the durations may differ: encoders pad, and players cut, fractions of a second."""

_SCALES: Mapping[Family, tuple[float, ...]] = MappingProxyType(
    {
        Family.TIMBRE: (
            80.0, 40.0, 40.0, 18.0, 15.0, 14.0, 9.0, 10.0, 7.0, 8.0, 6.0, 5.0, 5.0, 6.0, 5.0, 4.0, 5.0, 5.0, 5.0, 5.0,
            *(0.35 for _ in range(N_MFCC + N_DELTA_MFCC)),
        ),
        Family.SPECTRAL: (
            4.0, 3.0, 4.0, 4.0, 6.5, 7.5,
            1.0, 1.0, 1.0, 1.5, 2.5, 4.0,
            0.5, 0.6, 0.4, 0.6, 0.55, 0.7, 1.9, 1.7,
            0.05, 0.026, 9.0, 5.0, 19.0,
        ),
        Family.HARMONY: (0.075, 0.055, 0.035, 0.027, 0.065, 0.023, 0.06, 0.08, 0.11, 0.037, 0.027, 0.034, 0.015),
        Family.RHYTHM: (math.inf, math.inf, 0.25, 1.4, 0.3, 0.7),
    }
)  # fmt: skip
"""Usual deviation of each dimension of `segue_core.features.layout.LAYOUT`; infinite for the tempo, which beat trackers
measure differently from one encoding to the next."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What two recordings are compared by."""

    seconds: float
    """Duration of the whole track."""
    families: Mapping[Family, Sequence[float]]
    """Vectors of one recipe, not scaled."""


def is_same_recording(one: Sound, other: Sound) -> bool:
    """Whether two sounds certainly are one recording; both must have been analysed by one recipe."""
    return abs(one.seconds - other.seconds) <= MAXIMUM_SECONDS and distance(one, other) <= MAXIMUM_DISTANCE


def distance(one: Sound, other: Sound) -> float:
    """Root mean square of the differences, in usual deviations; infinite if the vectors cannot be compared."""
    squares: list[float] = []
    for family, scales in _SCALES.items():
        first, second = one.families.get(family, ()), other.families.get(family, ())
        if not len(first) == len(second) == len(scales):
            return math.inf
        squares.extend(((x - y) / scale) ** 2 for x, y, scale in zip(first, second, scales, strict=True))
    return math.sqrt(math.fsum(squares) / len(squares))
