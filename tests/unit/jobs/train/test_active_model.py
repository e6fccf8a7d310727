"""A new model beside the active one, on catalogues that grow, change and break; all parts but the database are real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from segue_core.contract.measures import Metric
from segue_core.similarity.proximity import Moments
from segue_core.store.unreadable import UnreadableDocumentError
from segue_core.store.vectors import VectorBlock
from segue_jobs.train.active_model import Bench, compare_with, is_comparable
from segue_jobs.train.sample import Sample
from support.simulated_catalogue import Tracks, Trained, catalogue, corruptions, decision, shuffled, train

SIZE = 300


@pytest.fixture(scope="module")
def tracks() -> Tracks:
    return catalogue(SIZE, seed=3)


@pytest.fixture(scope="module")
def clean(tracks: Tracks) -> Trained:
    return train(tracks, 1)


def test_another_seed_is_always_promoted(tracks: Tracks, clean: Trained) -> None:
    for seed in range(2, 5):
        found = decision(train(tracks, 2, seed=seed), clean)
        assert (found.promoted, found.decay) == (True, "")


@pytest.mark.parametrize("known", [0.95, 0.8, 0.5])
def test_a_grown_catalogue_is_promoted(tracks: Tracks, known: float) -> None:
    rows = np.sort(np.random.default_rng(1).choice(SIZE, size=round(known * SIZE), replace=False))
    assert decision(train(tracks, 2), train(tracks.take(rows.tolist()), 1)).promoted


def test_every_kind_of_wrong_features_is_refused_and_raises_the_alarm(tracks: Tracks, clean: Trained) -> None:
    for name, broken in corruptions(tracks, seed=1):
        found = decision(train(broken, 2), clean)
        assert (name, found.promoted) == (name, False)
        assert name == "timbre zeroed" or found.decay


def test_a_clean_model_replaces_one_that_was_trained_on_wrong_features(tracks: Tracks) -> None:
    new = train(tracks, 2)
    for name, broken in corruptions(tracks, seed=1):
        found = decision(new, train(broken, 1))
        assert (name, found.promoted, found.decay) == (name, True, "")


def test_a_catalogue_without_genres_is_judged_by_its_artists(tracks: Tracks, clean: Trained) -> None:
    plain = replace(tracks, genres=((),) * SIZE)
    broken = replace(shuffled(tracks, 0.5, 1), genres=plain.genres)
    found = decision(train(broken, 2), clean)
    assert (found.promoted, "ame artist among 10 neighbours" in found.reason) == (False, True)
    assert decision(train(plain, 2), clean).promoted


def test_a_catalogue_without_genres_and_artists_is_judged_by_reach_and_hubs(tracks: Tracks, clean: Trained) -> None:
    plain = replace(tracks, genres=((),) * SIZE, artists=(None,) * SIZE)
    bench = bench_of(train(plain, 2))
    assert bench.metrics().keys() == {Metric.REACH, Metric.HUBNESS, Metric.ANTI_HUBS}
    assert decision(train(plain, 2), clean).promoted


def bench_of(new: Trained) -> Bench:
    tracks = new.tracks
    return Bench(Sample(tracks.ids, tracks.raw, new.vectors, tracks.artists, tracks.genres), Moments.of(new.vectors))


def refuse() -> Iterator[VectorBlock]:
    raise AssertionError("the vectors were read although no feature has changed")


def test_the_vectors_of_the_training_are_read_only_if_features_have_changed(tracks: Tracks, clean: Trained) -> None:
    found = compare_with(clean.document, bench_of(train(tracks, 2)), clean.places, refuse)
    assert (found.changed, found.decay, found.remainder) == (0, (), ())
    assert [one.metric for one in found.today] == [Metric.PRECISION, Metric.REACH, Metric.HUBNESS]


def test_changed_tracks_are_counted(tracks: Tracks, clean: Trained) -> None:
    found = compare_with(clean.document, bench_of(train(shuffled(tracks, 0.5, 1), 2)), clean.places, clean.blocks)
    assert 0.45 * SIZE <= found.changed <= 0.5 * SIZE
    assert found.decay
    assert found.remainder


def test_damaged_vectors_of_the_active_model_leave_the_comparison_of_today(tracks: Tracks, clean: Trained) -> None:
    def damaged() -> Iterator[VectorBlock]:
        raise UnreadableDocumentError("vectors 'c:1:0'", "a number is not finite")

    found = compare_with(clean.document, bench_of(train(shuffled(tracks, 0.5, 1), 2)), clean.places, damaged)
    assert found.today
    assert (found.decay, found.remainder) == ((), ())


def test_a_model_of_an_earlier_release_can_be_compared(tracks: Tracks, clean: Trained) -> None:
    old = replace(clean, document=msgspec.structs.replace(clean.document, moments=None, schema_version=1))
    assert decision(train(tracks, 2), old).promoted


@pytest.mark.parametrize("change", [{"recipe": "other"}, {"feature_set": "other"}, {"layout": ()}])
def test_models_of_other_features_cannot_be_compared(clean: Trained, change: dict[str, object]) -> None:
    assert is_comparable(clean.document, clean.document)
    assert not is_comparable(clean.document, msgspec.structs.replace(clean.document, **change))
