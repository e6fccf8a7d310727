"""How far a catalogue has moved away from its model."""

from __future__ import annotations

import msgspec

from segue_core.recommend.drift import Drift, drift_of
from support.detailed_catalogue import records
from support.synthetic_model import assemble, train_model


def test_a_catalogue_as_it_was_trained_has_no_drift() -> None:
    assert drift_of(assemble(*train_model(records(), k=8), records()).tracks) == Drift(0, 0)


def test_new_tracks_are_counted_and_so_are_those_unlike_the_training() -> None:
    found = assemble(*train_model(records(), k=8), records())
    usual = msgspec.structs.replace(records()[0], track_id="new")
    mirrored = {
        family: tuple(value * (-1 if place % 2 else 3) for place, value in enumerate(values))
        for family, values in records()[0].families.items()
    }
    odd = msgspec.structs.replace(records()[0], track_id="odd", families=mirrored)
    grown = found.with_tracks([usual, odd])
    assert drift_of(grown.tracks) == Drift(new=2, unlike=1)
    assert drift_of(grown.with_tracks(removed=["odd"]).tracks) == Drift(new=1, unlike=0)
