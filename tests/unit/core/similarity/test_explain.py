"""Shares of a similarity, and words for it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segue_core.contract import ANALYSED_FAMILIES, Family
from segue_core.features.layout import LAYOUT
from segue_core.similarity import aspects as aspects_of_sound
from segue_core.similarity import explain
from segue_core.similarity.aspects import ASPECTS, TEMPO, TempoScale, aspect_values, sentence
from segue_core.similarity.explain import family_slices
from segue_core.store.models import FamilyLayout

SLICES = {Family.TIMBRE: slice(0, 2), Family.HARMONY: slice(2, 3), Family.RHYTHM: slice(3, 6)}


def family_shares(query: np.ndarray, candidate: np.ndarray, slices: dict[Family, slice]) -> dict[Family, float]:
    shares = explain.explain_list(query[None], query[None], candidate[None].astype(np.float32), slices).shares
    return dict(zip(slices, shares[0].tolist(), strict=True))


def similar_families(query: np.ndarray, candidate: np.ndarray, slices: dict[Family, slice]) -> tuple[Family, ...]:
    return explain.explain_list(query[None], query[None], candidate[None], slices).alike[0]


def differences(seed: np.ndarray, hit: np.ndarray, *, seed_bpm: float, hit_bpm: float, count: int = 2):
    tempi = {"seed_bpm": np.array([seed_bpm]), "hit_bpm": np.array([hit_bpm])}
    return aspects_of_sound.differences(seed[None], hit[None], **tempi, count=count)[0]


vectors = arrays(np.float32, 6, elements=st.floats(-1, 1, width=32))


@given(vectors, vectors)
def test_shares_add_up_to_one_whatever_their_signs(query: np.ndarray, candidate: np.ndarray) -> None:
    shares = family_shares(query, candidate, SLICES)
    assert list(shares) == list(SLICES)
    assert math.isclose(math.fsum(shares.values()), 1.0, abs_tol=1e-9 * max(1.0, *map(abs, shares.values())))


@given(vectors, vectors)
def test_shares_times_the_cosine_are_the_contributions(query: np.ndarray, candidate: np.ndarray) -> None:
    products = query.astype(float) * candidate.astype(float)
    assume(abs(products.sum()) >= 1e-6)
    for family, share in family_shares(query, candidate, SLICES).items():
        assert share * products.sum() == pytest.approx(products[SLICES[family]].sum(), abs=1e-9)


def test_a_family_in_which_two_tracks_differ_has_a_negative_share() -> None:
    query = np.array([1, 0, 1, 0, 0, 0], dtype=np.float32)
    candidate = np.array([1, 0, -0.5, 0, 0, 0], dtype=np.float32)
    assert family_shares(query, candidate, SLICES) == {Family.TIMBRE: 2.0, Family.HARMONY: -1.0, Family.RHYTHM: 0.0}


def test_without_any_cosine_the_shares_are_those_of_the_absolute_contributions() -> None:
    query = np.array([1, 0, 1, 0, 0, 0], dtype=np.float32)
    assert family_shares(query, query * [1, 0, -1, 0, 0, 0], SLICES)[Family.HARMONY] == 0.5
    assert family_shares(query, 0 * query, SLICES) == dict.fromkeys(SLICES, pytest.approx(1 / 3))


def test_slices_follow_the_models_own_layout() -> None:
    layout = [FamilyLayout(family=family, dimensions=LAYOUT[family]) for family in (Family.RHYTHM, Family.TIMBRE)]
    slices = family_slices(layout)
    assert slices == {Family.RHYTHM: slice(0, 6), Family.TIMBRE: slice(6, 59)}


def test_families_are_similar_when_they_point_the_same_way() -> None:
    query = np.array([1, 0, 1, 1, 1, 1], dtype=np.float32)
    candidate = np.array([0, 1, 1, 1, 1, 0], dtype=np.float32)
    assert similar_families(query, candidate, SLICES) == (Family.RHYTHM, Family.HARMONY)
    assert similar_families(query, 0 * candidate, SLICES) == ()


NAMES = [name for names in LAYOUT.values() for name in names]


def test_every_aspect_but_the_tempo_is_read_from_dimensions_that_exist() -> None:
    values = aspect_values(np.ones((1, len(NAMES))), NAMES)[0]
    assert [aspect for aspect, value in zip(ASPECTS, values, strict=True) if np.isnan(value)] == [TEMPO]


def test_aspects_of_families_that_the_model_lacks_are_unknown_and_not_mentioned() -> None:
    values = aspect_values(np.ones((2, 53)), LAYOUT[Family.TIMBRE])
    assert np.isnan(values).all()
    assert differences(values[0], values[1], seed_bpm=math.nan, hit_bpm=math.nan) == ()


def aspects(**values: float) -> np.ndarray:
    return np.array([values.get(aspect.high, 0.0) for aspect in ASPECTS], dtype=np.float32)


def test_the_clearest_differences_come_first_and_small_ones_are_left_out() -> None:
    seed, hit = aspects(bright=0.0, loud=1.0, busy=0.0), aspects(bright=1.0, loud=-2.0, busy=0.5)
    assert differences(seed, hit, seed_bpm=100, hit_bpm=100) == ("quieter", "brighter")
    assert differences(hit, seed, seed_bpm=100, hit_bpm=100, count=1) == ("louder",)


def test_a_faster_track_is_called_faster_but_not_when_the_tempo_may_be_counted_double() -> None:
    assert differences(aspects(), aspects(fast=1.5), seed_bpm=90, hit_bpm=130) == ("faster",)
    assert differences(aspects(), aspects(fast=3.0), seed_bpm=70, hit_bpm=140) == ()
    assert differences(aspects(), aspects(fast=3.0), seed_bpm=math.nan, hit_bpm=140) == ()


def test_tempi_are_compared_on_a_logarithmic_scale_and_unknown_ones_stay_unknown() -> None:
    tempi = np.array([50, 100, 200, np.nan], dtype=np.float32)
    values = TempoScale.of(tempi).values(tempi)
    assert values[1] == pytest.approx(0.0, abs=1e-6)
    assert values[2] == pytest.approx(-values[0])
    assert np.isnan(values[3])
    same = np.array([120, 120], dtype=np.float32)
    assert TempoScale.of(same).values(same).tolist() == [0.0, 0.0]
    assert np.isnan(TempoScale.of(tempi[3:]).values(tempi[3:])).all()


lists = arrays(np.float32, (5, 6), elements=st.floats(-1, 1, width=32))


@given(lists, lists, lists)
def test_a_list_is_explained_as_its_pairs_are(queries: np.ndarray, seeds: np.ndarray, hits: np.ndarray) -> None:
    found = explain.explain_list(queries, seeds, hits, SLICES)
    for row in range(len(hits)):
        assert dict(zip(SLICES, found.shares[row], strict=True)) == family_shares(queries[row], hits[row], SLICES)
        assert found.alike[row] == similar_families(seeds[row], hits[row], SLICES)
        compared = family_shares(seeds[row], hits[row], SLICES)
        assert found.strongest[row] == max(compared, key=compared.__getitem__)


@pytest.mark.parametrize(
    ("alike", "different", "expected"),
    [
        ((Family.TIMBRE,), ("faster",), "similar timbre, faster"),
        ((Family.TIMBRE, Family.RHYTHM), (), "similar timbre and rhythm"),
        ((Family.SPECTRAL, Family.RHYTHM, Family.HARMONY), (), "similar spectrum and rhythm"),
        (ANALYSED_FAMILIES, ("darker",), "similar throughout, darker"),
        ((), ("darker", "louder"), "somewhat similar harmony, darker, louder"),
    ],
)
def test_the_explanation_reads_as_a_phrase(alike, different, expected: str) -> None:
    assert sentence(alike, different, strongest=Family.HARMONY) == expected


@pytest.mark.parametrize("cosine", [0.0, -0.4])
def test_what_is_not_near_is_not_called_similar(cosine: float) -> None:
    alike = (Family.TIMBRE, Family.RHYTHM)
    assert sentence((), ("darker",), strongest=Family.TIMBRE, cosine=cosine) == "different, darker"
    near = sentence(alike, (), strongest=Family.TIMBRE, cosine=cosine)
    assert near == "different, though near in timbre and rhythm"


def test_a_model_of_one_family_names_it() -> None:
    assert sentence((Family.TIMBRE,), (), strongest=Family.TIMBRE, families=1) == "similar timbre"
