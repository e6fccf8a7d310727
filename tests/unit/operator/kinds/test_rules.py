"""Every CEL rule on accepting and rejecting examples; the models say the same of the very same examples."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_operator.kinds.manifests import CHANGE_REFUSED, ManifestError, validate, validate_update
from support.custom_resources import broken_rules, nodes, schema_errors, schema_of, with_server_defaults
from support.manifests import Manifest, put
from support.rule_examples import ACCEPTED, FIXED, MUTABLE, REJECTED


def as_served(manifest: Manifest) -> Manifest:
    return with_server_defaults(schema_of(manifest["kind"]), manifest)


def by_cel(manifest: Manifest) -> set[tuple[str, str]]:
    return broken_rules(schema_of(manifest["kind"]), as_served(manifest))


def by_model(manifest: Manifest) -> set[tuple[str, str]]:
    try:
        validate(manifest)
    except ManifestError as error:
        return {(problem.path, problem.message) for problem in error.problems}
    return set()


@pytest.mark.parametrize(("manifest", "path", "message"), REJECTED)
def test_cel_and_models_refuse_with_the_same_sentence(manifest: Manifest, path: str, message: str) -> None:
    assert by_cel(manifest) == {(path, message)}
    assert by_model(manifest) == {(path, message)}


@pytest.mark.parametrize("manifest", ACCEPTED)
def test_cel_schema_and_models_accept(manifest: Manifest) -> None:
    assert by_cel(manifest) == set()
    assert schema_errors(manifest["kind"], as_served(manifest)) == []
    assert by_model(manifest) == set()


def test_every_rule_has_a_rejected_example() -> None:
    rules = {
        rule["message"]
        for kind in ("TrackBatch", "TrainingRun")
        for _, node in nodes(schema_of(kind))
        for rule in node.get("x-kubernetes-validations", ())
        if "oldSelf" not in rule["rule"]
    }
    assert rules == {message for _, _, message in REJECTED}


def changes_by_cel(old: Manifest, new: Manifest) -> set[tuple[str, str]]:
    return broken_rules(schema_of(old["kind"]), as_served(new), as_served(old))


@pytest.mark.parametrize(("old", "path", "value"), FIXED)
def test_fixed_fields_are_refused_by_cel_and_by_validate_update(old: Manifest, path: str, value: Any) -> None:
    new = put(old, path, value)
    broken = changes_by_cel(old, new)
    assert {message for _, message in broken} == {CHANGE_REFUSED}
    with pytest.raises(ManifestError) as error:
        validate_update(old, new)
    for problem in error.value.problems:
        assert problem.message == CHANGE_REFUSED
        assert any(problem.path == p or problem.path.startswith(f"{p}.") for p, _ in broken)


@pytest.mark.parametrize(("old", "path", "value"), MUTABLE)
def test_mutable_fields_may_change(old: Manifest, path: str, value: Any) -> None:
    new = put(old, path, value)
    assert changes_by_cel(old, new) == set()
    validate_update(old, new)


# ------------------------------------------------------------------------------------------------ the same, at large

TEXTS = ["", "x", "Auto", "Tags", "Flat", "librosa", "Librosa", "Whole", "1g", "0.5", ".", "/a", "../a", "a" * 300]
NUMBERS = [0, 1, 2, 5, -1, 1024, 1025, 10**10]
LISTS = [[], [8], [8, 8], ["timbre"], ["timbre", "timbre"], ["songs"], [{"name": "A"}], [{"name": "A"}, {"name": "A"}]]
MAPS = [{}, {"path": "a.csv"}, {"name": "x"}, {"x": "y"}, {"cpu": 1}, {"cpu": "1"}]
VALUES = st.sampled_from([*TEXTS, *NUMBERS, *LISTS, *MAPS, True, False])


def spec_paths(kind: str) -> list[str]:
    spec = schema_of(kind)["properties"]["spec"]
    paths = [path for path, _ in nodes(spec) if path and "[]" not in path and "{}" not in path]
    return [f"spec.{path}" for path in [*paths, "unknown", "source.unknown", "kmeans.unknown"]]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_crd_and_models_agree_on_any_change_of_a_valid_manifest(data: st.DataObject) -> None:
    manifest = data.draw(st.sampled_from(ACCEPTED))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(spec_paths(manifest["kind"])))
        try:
            manifest = put(manifest, path, data.draw(VALUES))
        except (AttributeError, TypeError):  # a value of an earlier change is not a mapping
            continue
    served = as_served(manifest)
    refused = bool(schema_errors(manifest["kind"], served)) or bool(by_cel(manifest))
    assert refused == bool(by_model(manifest)), by_model(manifest)
