"""Which tracks a model can use."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import ANALYSED_FAMILIES, Exclusion, Family
from segue_core.features.layout import LAYOUT
from segue_jobs.train.mongo_source import to_row
from segue_jobs.train.usable import choose_recipe, find_problem
from support.synthetic_tracks import synthetic_tracks, track_document

FAMILIES = ANALYSED_FAMILIES


def document(**changes: Any) -> dict[str, Any]:
    return {**track_document(next(synthetic_tracks("c", 1))), **changes}


def with_family(family: Family, vector: Any) -> dict[str, Any]:
    return document(families={**document()["families"], family: vector})


def reason(found: dict[str, Any]) -> Exclusion | None:
    problem = find_problem(found, FAMILIES)
    return problem.reason if problem else None


def test_complete_track_is_usable() -> None:
    assert find_problem(document(), FAMILIES) is None


@pytest.mark.parametrize("families", [{}, None, "x", [1.0]])
def test_missing_families_are_named(families: Any) -> None:
    assert reason(document(families=families)) is Exclusion.MISSING_FAMILY


@pytest.mark.parametrize("vector", [[1.0], "text", {"a": 1}, [True] * 6, ["1"] * 6, [None] * 6, [[1.0]] * 6])
def test_other_shapes_do_not_fit_the_layout(vector: Any) -> None:
    assert reason(with_family(Family.RHYTHM, vector)) is Exclusion.LAYOUT_MISMATCH


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e7])
def test_number_that_no_audio_gives_is_named_with_its_dimension(value: float) -> None:
    problem = find_problem(with_family(Family.RHYTHM, [0.0, 0.0, value, 0.0, 0.0, 0.0]), FAMILIES)
    assert problem is not None
    assert (problem.reason, "rhythm.beat_strength" in problem.message) == (Exclusion.NON_FINITE_FEATURE, True)


def test_family_that_the_model_does_not_use_may_be_missing() -> None:
    found = with_family(Family.RHYTHM, None)
    assert find_problem(found, [Family.TIMBRE]) is None
    assert reason(found) is Exclusion.MISSING_FAMILY


@given(st.dictionaries(st.sampled_from([*map(str, FAMILIES), "recipe"]), st.from_type(type(None)) | st.integers()))
def test_hostile_documents_are_excluded_with_a_message(changes: dict[str, Any]) -> None:
    recipe = changes.pop("recipe", "recipe-1")
    found = document(families={**document()["families"], **changes}, recipe=recipe)
    problem = find_problem(found, FAMILIES)
    assert (problem is None) == (not changes and isinstance(recipe, str))
    assert problem is None or problem.message


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 9), min_size=1))
def test_most_common_recipe_is_chosen_whatever_the_order(counts: dict[str, int]) -> None:
    chosen = choose_recipe(counts)
    assert counts[chosen] == max(counts.values())
    assert chosen == choose_recipe(dict(reversed(counts.items())))
    assert all(counts[recipe] < counts[chosen] or recipe >= chosen for recipe in counts)


def test_row_keeps_metadata_and_drops_vectors_of_an_excluded_track() -> None:
    good = to_row(document(), "c", FAMILIES)
    assert (good["track_id"], good["artist"], good["genres"]) == ("000000", "Artist 0", ["Genre 0"])
    assert good["tempo"] == 120.0
    assert len(good[Family.TIMBRE]) == len(LAYOUT[Family.TIMBRE])
    bad = to_row(with_family(Family.RHYTHM, [1.0]), "c", FAMILIES)
    assert (bad["excluded"], Family.TIMBRE in bad) == ("LayoutMismatch", False)


@pytest.mark.parametrize("metadata", [None, "x", {"artist": 3, "genres": "rock"}, {"genres": [1, None]}])
def test_row_survives_damaged_metadata(metadata: Any) -> None:
    row = to_row(document(metadata=metadata, descriptors=metadata), "c", FAMILIES)
    assert (row["artist"], row["genres"], row["tempo"]) == (None, [], None)


def test_row_takes_the_id_from_the_unique_key() -> None:
    assert to_row(document(_id="c:a:b", trackId="other"), "c", FAMILIES)["track_id"] == "a:b"
