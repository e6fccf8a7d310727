"""Tracks that are new, changed or unusable since the training."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from segue_core.contract import Exclusion, Family
from segue_core.recommend.assembly import Assembly
from segue_core.recommend.question_errors import (
    AbsentTrackError,
)
from segue_core.store.models import Assignment, SpaceMoments
from support.detailed_catalogue import recommender, records, track_of
from support.synthetic_model import assemble, train_model


def test_a_new_track_is_placed_as_training_would_have_placed_it() -> None:
    model, assignments = train_model(records(), k=8)
    partly = assemble(model, assignments[:300], records())
    assert partly.tracks.new.tolist() == [False] * 300 + [True] * 100
    np.testing.assert_array_equal(partly.tracks.clusters, recommender().tracks.clusters)
    found, expected = partly.space.proximity, recommender().space.proximity
    for one, other in ((found.mean, expected.mean), (found.deviation, expected.deviation)):
        np.testing.assert_allclose(one[:300], other[:300], rtol=1e-12)
        np.testing.assert_allclose(one[300:], other[300:], atol=0.02)  # a new track is not one of the 400
    lists = [{hit.track_id for hit in one.similar(track_of(3), limit=20).hits} for one in (partly, recommender())]
    assert len(lists[0] & lists[1]) >= 18


def test_a_model_of_an_earlier_release_gets_its_moments_from_the_tracks() -> None:
    model, assignments = train_model(records(), k=8)
    found = assemble(msgspec.structs.replace(model, moments=None, schema_version=1), assignments, records())
    np.testing.assert_allclose(found.space.proximity.mean, recommender().space.proximity.mean, atol=1e-9)
    np.testing.assert_allclose(found.space.proximity.deviation, recommender().space.proximity.deviation, atol=1e-9)


def test_moments_of_other_dimensions_are_refused() -> None:
    model, _ = train_model(records(), k=8)
    with pytest.raises(ValueError, match="moments: they are not those of vectors with 97 dimensions"):
        Assembly(msgspec.structs.replace(model, moments=SpaceMoments(tracks=1, mean=(0.0,), covariance=((1.0,),))))


def test_a_track_whose_audio_changed_since_the_training_is_placed_again() -> None:
    model, assignments = train_model(records(), k=8)
    row, other = 3, int(track_of(1, 2))
    changed = list(records())
    changed[row] = msgspec.structs.replace(records()[row], families=records()[other].families)
    found = assemble(model, assignments, changed)
    assert np.flatnonzero(found.tracks.new).tolist() == [row]
    assert found.tracks.clusters[row] == found.tracks.clusters[other]


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"recipe": "recipe-2"}, Exclusion.RECIPE_MISMATCH, "recipe-2, the model with recipe-1"),
        ({"families": {Family.TIMBRE: (0.0,) * 53}}, Exclusion.MISSING_FAMILY, "no spectral features"),
        (
            {"families": dict.fromkeys(Family, (1.0,))},
            Exclusion.LAYOUT_MISMATCH,
            "1 timbre features instead of 53",
        ),
        (
            {"families": {**records()[0].families, Family.HARMONY: (math.nan,) * 13}},
            Exclusion.NON_FINITE_FEATURE,
            "its feature harmony.chroma_dft_1 is nan",
        ),
    ],
)
def test_a_track_that_does_not_fit_the_model_is_absent_with_its_reason(change, reason, message: str) -> None:
    model, assignments = train_model(records(), k=8)
    odd = msgspec.structs.replace(records()[0], track_id="odd", **change)
    found = assemble(model, assignments, [*records(), odd])
    assert found.absent["odd"].reason == reason
    with pytest.raises(AbsentTrackError, match=f"'odd' cannot be compared: {reason}: .*{message}"):
        found.recommend([track_of(0)], ["odd"])


def test_a_track_without_a_direction_is_absent_as_a_zero_vector() -> None:
    model, assignments = train_model(records(), k=8)
    families, start = {}, 0
    for part in model.layout:
        end = start + len(part.dimensions)
        families[part.family], start = model.scaler.mean[start:end], end
    zero = msgspec.structs.replace(records()[0], track_id="zero", families=families)
    assert assemble(model, assignments, [*records(), zero]).absent["zero"].reason == Exclusion.ZERO_VECTOR


def test_the_training_runs_reason_is_given() -> None:
    model, assignments = train_model(records(), k=8)
    left_out = Assignment(
        model="fma:1", catalogue="fma", track_id="gone", excluded=Exclusion.MISSING_FAMILY, message="no rhythm"
    )
    with pytest.raises(AbsentTrackError, match="'gone' cannot be compared: MissingFamily: no rhythm"):
        assemble(model, [*assignments, left_out], records()).similar("gone")


def test_a_track_that_was_left_out_and_then_extracted_again_is_placed() -> None:
    model, assignments = train_model(records()[1:], k=8)
    left_out = Assignment(
        model="fma:1", catalogue="fma", track_id=records()[0].track_id, excluded=Exclusion.MISSING_FAMILY
    )
    found = assemble(model, [*assignments, left_out], records())
    assert found.tracks.new[0]
    assert records()[0].track_id not in found.absent
