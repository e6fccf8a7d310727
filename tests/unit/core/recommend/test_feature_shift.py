"""Whether arrivals sound as the training did."""

from __future__ import annotations

import msgspec
import numpy as np

from segue_core.contract import Family
from segue_core.recommend.feature_shift import FEWEST_NEW, feature_shift
from segue_core.similarity.stability import feature_ranges
from support.detailed_catalogue import records
from support.synthetic_model import assemble, train_model


def test_a_family_that_changed_is_told_from_those_that_did_not() -> None:
    found = assemble(*train_model(records(), k=8), records())
    ranges = feature_ranges(found.space.index.vectors(np.arange(len(found.tracks))))
    assert feature_shift(found.tracks, found.space, ranges) is None
    known = records()
    arrived = [
        msgspec.structs.replace(known[place % len(known)], track_id=f"new {place}") for place in range(FEWEST_NEW)
    ]
    usual = found.with_tracks(arrived)
    same = feature_shift(usual.tracks, usual.space, ranges)
    assert same is not None
    assert same.shifted < 0.1
    assert feature_shift(usual.tracks, usual.space, None) is None
    louder = [
        msgspec.structs.replace(
            one, families={**one.families, Family.RHYTHM: tuple(9 + 3 * x for x in one.families[Family.RHYTHM])}
        )
        for one in arrived
    ]
    changed = found.with_tracks(louder)
    shift = feature_shift(changed.tracks, changed.space, ranges)
    assert shift is not None
    assert max(shift.largest, key=shift.largest.__getitem__) is Family.RHYTHM
    assert shift.shifted > same.shifted
