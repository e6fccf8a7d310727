"""What people hear, in words: a handful of aspects, each computed from dimensions of the vector.

Aspects are measured in standard deviations of the catalogue, so 'bright' means bright for this catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue_core.contract import ANALYSED_FAMILIES, Family
from segue_core.similarity.arrays import Doubles, Singles

_NOTICEABLE = 0.75
"""Difference in standard deviations that is worth mentioning."""
_NAMED_FAMILIES = 2
_OCTAVE_CONFUSION = 2.0**0.7
"""If two tempi differ by a larger factor, the beat tracker may have heard half or double of the same tempo."""


@dataclass(frozen=True)
class Aspect:
    """One thing people hear."""

    dimensions: tuple[str, ...]
    """Dimensions that are averaged; none for the tempo, which the vector contains only folded to an octave."""
    high: str
    low: str
    more: str
    less: str


TEMPO = Aspect((), "fast", "slow", "faster", "slower")
ASPECTS: tuple[Aspect, ...] = (
    TEMPO,
    Aspect(("centroid_logmean", "rolloff_logmean"), "bright", "dark", "brighter", "darker"),
    Aspect(("rms_db_mean",), "loud", "quiet", "louder", "quieter"),
    Aspect(("onset_rate",), "busy", "sparse", "busier", "sparser"),
    Aspect(("flatness_logmean", "zcr_mean"), "noisy", "clear", "noisier", "clearer"),
    Aspect(("dynamic_range_db",), "dynamic", "even", "more dynamic", "more even"),
    Aspect(("beat_strength",), "steady", "free", "with a steadier beat", "with a freer beat"),
    Aspect(("chroma_entropy",), "many-toned", "few-toned", "harmonically richer", "harmonically plainer"),
)

_COMPARATIVES = [word for aspect in ASPECTS for word in (aspect.less, aspect.more)]


def aspect_values(standardised: Doubles, names: Sequence[str]) -> Singles:
    """Values of all aspects except the tempo; NaN if the model's families do not contain an aspect.

    Parameters
    ----------
    standardised
        (n, d), from `Scaling.standardise`, in standard deviations.
    names
        Name of each dimension.

    Returns
    -------
    (n, aspects), in the order of `ASPECTS`; the tempo's column is NaN, see `TempoScale`.
    """
    place = {name: index for index, name in enumerate(names)}
    values = np.full((len(standardised), len(ASPECTS)), np.nan, dtype=np.float32)
    for column, aspect in enumerate(ASPECTS):
        if aspect.dimensions and all(name in place for name in aspect.dimensions):
            values[:, column] = standardised[:, [place[name] for name in aspect.dimensions]].mean(axis=1)
    return values


@dataclass(frozen=True)
class TempoScale:
    """Tempi of a catalogue on a logarithmic scale."""

    mean: float
    """In octaves above one beat per minute, like the deviation."""
    deviation: float

    @classmethod
    def of(cls, bpm: Singles) -> TempoScale:
        """The scale of a catalogue's tempi; (n,) beats per minute, NaN if unknown."""
        octaves = np.log2(bpm[bpm > 0].astype(np.float64))
        return cls(float(octaves.mean()), float(octaves.std())) if len(octaves) else cls(0.0, 0.0)

    def values(self, bpm: Singles) -> Singles:
        """Tempi in standard deviations of the catalogue, 0 if they do not vary; NaN if unknown; (m,)."""
        octaves = np.log2(np.where(bpm > 0, bpm, np.nan).astype(np.float64))
        scaled: Singles = ((octaves - self.mean) / self.deviation if self.deviation else 0.0 * octaves).astype(
            np.float32
        )
        return scaled


def differences(
    seeds: Singles, hits: Singles, *, seed_bpm: Singles, hit_bpm: Singles, count: int = 2
) -> list[tuple[str, ...]]:
    """How each hit differs from its seed, the clearest difference first: 'faster', 'darker'.

    Parameters
    ----------
    seeds, hits
        (m, aspects) values of the pairs.
    seed_bpm, hit_bpm
        (m,) their tempi, NaN if unknown; about twice the tempo does not count as faster.
    count
        Maximum number of words.
    """
    difference = np.subtract(hits, seeds, dtype=np.float64)
    difference[np.isnan(difference)] = 0.0
    near = (hit_bpm > seed_bpm / _OCTAVE_CONFUSION) & (hit_bpm < seed_bpm * _OCTAVE_CONFUSION)
    difference[~near, ASPECTS.index(TEMPO)] = 0.0
    size = np.abs(difference)
    order = np.argsort(-size, axis=1, kind="stable")[:, :count]
    words = 2 * order + (np.take_along_axis(difference, order, axis=1) > 0)
    words[np.take_along_axis(size, order, axis=1) < _NOTICEABLE] = -1
    return [tuple(_COMPARATIVES[word] for word in line if word >= 0) for line in words.tolist()]


_FAMILY_WORDS = {
    Family.TIMBRE: "timbre",
    Family.SPECTRAL: "spectrum",
    Family.HARMONY: "harmony",
    Family.RHYTHM: "rhythm",
    Family.LEARNED: "style",
}


def sentence(
    alike: Sequence[Family],
    different: Sequence[str],
    *,
    strongest: Family,
    families: int = len(ANALYSED_FAMILIES),
    cosine: float = 1.0,
) -> str:
    """'similar timbre and rhythm, faster': at most two families and all differences.

    Parameters
    ----------
    alike
        From `explain.explain_list`.
    different
        From `differences`.
    strongest
        The family with the largest share, which is 'somewhat similar' if none is alike.
    families
        Number of the model's families.
    cosine
        Of the two tracks as a whole: what is at a right angle or beyond is not called similar.
    """
    if cosine <= 0.0:
        shared = " and ".join([_FAMILY_WORDS[family] for family in alike[:_NAMED_FAMILIES]])
        head = f"different, though near in {shared}" if shared else "different"
    elif len(alike) == families > 1:
        head = "similar throughout"
    elif alike:
        head = "similar " + " and ".join([_FAMILY_WORDS[family] for family in alike[:_NAMED_FAMILIES]])
    else:
        head = "somewhat similar " + _FAMILY_WORDS[strongest]
    return ", ".join((head, *different))
