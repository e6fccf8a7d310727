"""Weights that halve with time, and the bound on how many are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping

from segue_core.store.profiles import TrackWeight

_DAY_MS = 24 * 3600 * 1000
PLAY_HALF_LIFE_MS = 30 * _DAY_MS
SKIP_HALF_LIFE_MS = 14 * _DAY_MS
MAXIMUM_WEIGHT = 20.0
"""Plays, and skips, that count of one track."""
MAXIMUM_TRACKS = 2_000
"""Tracks with plays, and with skips; of more, those with the smallest weights are forgotten."""


def decayed(weight: TrackWeight, time_ms: int, half_life_ms: int) -> float:
    """The weight at a time; before its newest event it has not decayed."""
    elapsed = max(time_ms - weight.time_ms, 0)
    return weight.weight * math.exp2(-elapsed / half_life_ms)


def counted(
    weights: Mapping[str, TrackWeight], track_id: str, time_ms: int, half_life_ms: int
) -> Mapping[str, TrackWeight]:
    """The weights after one more event of a track; events may come in any order."""
    before = weights.get(track_id)
    newest = time_ms if before is None else max(time_ms, before.time_ms)
    value = decayed(TrackWeight(track_id, 1.0, time_ms), newest, half_life_ms)
    if before is not None:
        value += decayed(before, newest, half_life_ms)
    changed = {**weights, track_id: TrackWeight(track_id, min(value, MAXIMUM_WEIGHT), newest)}
    if len(changed) > MAXIMUM_TRACKS:
        del changed[min(changed, key=lambda name: _order(changed[name], half_life_ms))]
    return changed


def _order(weight: TrackWeight, half_life_ms: int) -> float:
    """A number that compares as the weights do at any one time."""
    return math.log2(weight.weight) + weight.time_ms / half_life_ms
