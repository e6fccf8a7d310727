"""Promotion on real music: what is as good is not refused, what has gone badly wrong is, and can be got over.

It runs where music is at hand: the demo's, or a folder that ``SEGUE_TEST_MUSIC`` names.
"""

from __future__ import annotations

import numpy as np
import pytest

from segue_core.contract import Family
from support.heard_catalogue import heard_catalogue
from support.music import real_tracks
from support.simulated_catalogue import Tracks, decision, noisy, shuffled, train, zeroed

pytestmark = pytest.mark.slow

COUNT = 80


@pytest.fixture(scope="module")
def tracks() -> Tracks:
    return heard_catalogue(real_tracks(COUNT, 15.0))


@pytest.mark.parametrize("seed", range(3))
def test_another_seed_and_a_catalogue_that_has_grown_are_not_refused(tracks: Tracks, seed: int) -> None:
    whole = train(tracks, 2, seed=seed)
    assert decision(whole, train(tracks, 1, seed=seed + 10)).promoted
    for share in (0.05, 0.25, 1.0):
        size = round(len(tracks) / (1 + share))
        before = sorted(np.random.default_rng(seed).choice(len(tracks), size=size, replace=False).tolist())
        assert decision(whole, train(tracks.take(before), 1)).promoted


@pytest.mark.parametrize(
    "broken",
    [
        lambda tracks: shuffled(tracks, 1.0, 1),
        lambda tracks: noisy(tracks, 3.0, 1),
        lambda tracks: zeroed(tracks, Family.TIMBRE),
    ],
    ids=["all shuffled", "noise of 3 deviations", "timbre zeroed"],
)
def test_features_that_have_gone_wrong_are_refused_and_do_not_stay(tracks: Tracks, broken) -> None:
    assert not decision(train(broken(tracks), 2), train(tracks, 1)).promoted
    assert decision(train(tracks, 2), train(broken(tracks), 1)).promoted
