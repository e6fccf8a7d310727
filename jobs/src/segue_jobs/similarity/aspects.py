"""What people hear, in words: a handful of aspects read from the vector's dimensions.

An aspect's value is in standard deviations of the catalogue, so that 'bright' means bright for this catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segue_jobs.contract import Family
from segue_jobs.similarity.arrays import Doubles, Singles

_NOTICEABLE = 0.75
"""Difference in standard deviations that is worth a word."""
_NAMED_FAMILIES = 2
_OCTAVE_CONFUSION = 0.7
"""Two tempi that differ by more octaves may be one tempo, of which a beat tracker heard half or double."""


@dataclass(frozen=True)
class Aspect:
    """One thing people hear."""

    dimensions: tuple[str, ...]
    """Names in the model's layout, each counting the same; none for the tempo, which the vector holds folded."""
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


def aspect_values(standardised: Doubles, names: Sequence[str]) -> Singles:
    """Values of all aspects but the tempo; NaN where the model's families do not hold an aspect.

    Parameters
    ----------
    standardised
        (n, d) of `Scaling.standardise`, in standard deviations.
    names
        Name of each dimension.

    Returns
    -------
    (n, aspects), in the order of `ASPECTS`; the tempo's column is NaN, see `tempo_values`.
    """
    place = {name: index for index, name in enumerate(names)}
    values = np.full((len(standardised), len(ASPECTS)), np.nan, dtype=np.float32)
    for column, aspect in enumerate(ASPECTS):
        if aspect.dimensions and all(name in place for name in aspect.dimensions):
            values[:, column] = standardised[:, [place[name] for name in aspect.dimensions]].mean(axis=1)
    return values


def tempo_values(bpm: Singles) -> Singles:
    """Tempo on a logarithmic scale, in standard deviations of the catalogue; NaN where unknown; shape (n,).

    Parameters
    ----------
    bpm
        (n,) beats a minute, NaN where unknown.
    """
    octaves = np.log2(np.where(bpm > 0, bpm, np.nan))
    known = octaves[np.isfinite(octaves)]
    deviation = float(known.std()) if len(known) else 0.0
    if deviation == 0.0:
        return np.where(np.isfinite(octaves), 0.0, np.nan).astype(np.float32)
    scaled: Singles = ((octaves - known.mean()) / deviation).astype(np.float32)
    return scaled


def differences(seed: Singles, hit: Singles, *, seed_bpm: float, hit_bpm: float, count: int = 2) -> tuple[str, ...]:
    """How the hit differs from the seed, the clearest difference first: 'faster', 'darker'.

    Parameters
    ----------
    seed, hit
        (aspects,) values of the two tracks.
    seed_bpm, hit_bpm
        Their tempi, NaN where unknown: a tempo about twice the other is not called faster.
    count
        Words at most.
    """
    difference = np.nan_to_num(hit.astype(np.float64) - seed.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        octaves = np.abs(np.log2(np.float64(hit_bpm) / np.float64(seed_bpm)))
    if not octaves < _OCTAVE_CONFUSION:
        difference[ASPECTS.index(TEMPO)] = 0.0
    order = np.argsort(-np.abs(difference), kind="stable")[:count]
    return tuple(
        ASPECTS[index].more if difference[index] > 0 else ASPECTS[index].less
        for index in order
        if abs(difference[index]) >= _NOTICEABLE
    )


_FAMILY_WORDS = {
    Family.TIMBRE: "timbre",
    Family.SPECTRAL: "spectrum",
    Family.HARMONY: "harmony",
    Family.RHYTHM: "rhythm",
}


def sentence(shares: Mapping[Family, float], alike: Sequence[Family], different: Sequence[str]) -> str:
    """'similar timbre and rhythm, faster': at most two families and all differences.

    Parameters
    ----------
    shares
        Of `explain.family_shares`.
    alike
        Of `explain.similar_families`; where there is none, the largest share is 'somewhat similar'.
    different
        Of `differences`.
    """
    if len(alike) == len(shares) > 1:
        head = "similar throughout"
    elif alike:
        head = "similar " + " and ".join(_FAMILY_WORDS[family] for family in alike[:_NAMED_FAMILIES])
    else:
        head = "somewhat similar " + _FAMILY_WORDS[max(shares, key=lambda family: shares[family])]
    return ", ".join((head, *different))
