"""How nearly two engines must agree: 1e-3 of what tells real tracks apart."""

import numpy as np

from segue_core.contract import ANALYSED_FAMILIES
from segue_core.features.families import build_families
from segue_core.features.layout import LAYOUT

NAMES = tuple(f"{family}.{name}" for family in ANALYSED_FAMILIES for name in LAYOUT[family])

_DEVIATIONS = (
    ("timbre.mfcc_mean", 4.3),
    ("timbre.", 0.29),
    ("spectral.contrast_mean", 3.4),
    ("spectral.contrast_std", 0.88),
    ("spectral.flatness", 1.6),
    ("spectral.zcr", 0.05),
    ("spectral.rms", 5.7),
    ("spectral.dynamic", 16.0),
    ("spectral.", 0.36),
    ("harmony.chroma", 0.025),
    ("harmony.tonnetz", 0.018),
    ("rhythm.beat_strength", 0.23),
    ("rhythm.onset_rate", 1.7),
    ("rhythm.", 0.29),
)
"""The smallest deviation between 104 real tracks among the dimensions whose name begins so; the first match counts."""

TOLERANCES = np.array(
    [1e-3 * next(deviation for prefix, deviation in _DEVIATIONS if name.startswith(prefix)) for name in NAMES]
)


def vector(statistics):
    """All families as one vector, in the order of `NAMES`."""
    families = build_families(statistics)
    return np.concatenate([families[family] for family in ANALYSED_FAMILIES])


def disagreements(found, expected, tolerances=TOLERANCES):
    """Dimensions that differ by more than they may: name -> (found, expected)."""
    pairs = zip(NAMES, found, expected, np.abs(found - expected) > tolerances, strict=True)
    return {name: (a, b) for name, a, b, differs in pairs if differs}
