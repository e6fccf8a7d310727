"""The CRDs and the models say the same: every field, type, default, enum and bound."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from segue_core.contract import Distance, Engine, Family, MetadataFormat, PromotionPolicy, RowsWithoutAudio
from segue_operator.kinds import base, pod_overrides, trackbatch, trainingrun
from segue_operator.kinds.base import ApiModel, Rule
from segue_operator.kinds.constants import (
    CATEGORY,
    GROUP,
    NAME_LENGTH,
    VERSION,
    Phase,
    TrackBatchCondition,
    TrainingRunCondition,
)
from segue_operator.kinds.manifests import CHANGE_REFUSED
from segue_operator.kinds.problems import PATTERNS
from support.custom_resources import load_crd, nodes, schema_of

PARTS = [
    ("TrackBatch", "spec", trackbatch.TrackBatchSpec),
    ("TrackBatch", "status", trackbatch.TrackBatchStatus),
    ("TrainingRun", "spec", trainingrun.TrainingRunSpec),
    ("TrainingRun", "status", trainingrun.TrainingRunStatus),
]
KINDS = ["TrackBatch", "TrainingRun"]
BOUNDS = (
    "type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    "maxProperties",
)  # fmt: skip
SAID_BY_LIST_TYPE = {trainingrun.EVERY_ONE_ONCE.message, pod_overrides.EVERY_VARIABLE_ONCE.message}


def resolve(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """One node of pydantic's JSON schema without references and without null."""
    node = dict(node)
    while "$ref" in node:
        reference = node.pop("$ref").rpartition("/")[2]
        node = {**definitions[reference], **node}
    options = [option for option in node.pop("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return resolve({**options[0], **node}, definitions)
    if options:
        assert {option["type"] for option in options} == {"integer", "string"}
        node["intOrString"] = True
        node |= {key: value for option in options for key, value in option.items() if key in BOUNDS and key != "type"}
    return node


def from_model(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    node = resolve(node, definitions)
    result = {key: node[key] for key in (*BOUNDS, "intOrString") if key in node}
    if node.get("default") not in (None, []):
        result["default"] = {} if node.get("type") == "object" else node["default"]
    if "properties" in node:
        result["properties"] = {name: from_model(child, definitions) for name, child in node["properties"].items()}
        result["required"] = sorted(node.get("required", ()))
    elif node.get("additionalProperties") is True:
        result["anything"] = True
    elif isinstance(node.get("additionalProperties"), Mapping):
        result["values"] = from_model(node["additionalProperties"], definitions)
    if "items" in node:
        result["items"] = from_model(node["items"], definitions)
    return result


def from_crd(node: Mapping[str, Any]) -> dict[str, Any]:
    result = {key: node[key] for key in BOUNDS if key in node}
    if node.get("x-kubernetes-int-or-string"):
        result["intOrString"] = True
    if "default" in node:
        result["default"] = node["default"]
    if "properties" in node:
        result["properties"] = {name: from_crd(child) for name, child in node["properties"].items()}
        result["required"] = sorted(node.get("required", ()))
    if node.get("x-kubernetes-preserve-unknown-fields"):
        result["anything"] = True
    if "additionalProperties" in node:
        result["values"] = from_crd(node["additionalProperties"])
    if "items" in node:
        result["items"] = from_crd(node["items"])
    return result


def drop_server_side(node: Any) -> Any:
    """Without what the model does not say of a status: a message is always there in one that we write."""
    if isinstance(node, dict) and "lastTransitionTime" in node.get("properties", {}):
        node = {**node, "required": sorted({*node["required"], "message"})}
        node["properties"]["message"].pop("default", None)
        node["properties"]["observedGeneration"].pop("default", None)
    if isinstance(node, dict):
        return {key: drop_server_side(value) for key, value in node.items()}
    return node


@pytest.mark.parametrize(("kind", "part", "model"), PARTS)
def test_every_field_type_default_enum_and_bound_is_the_same(kind: str, part: str, model: type[ApiModel]) -> None:
    document = model.model_json_schema(by_alias=True)
    ours = drop_server_side(from_model(document, document.get("$defs", {})))
    theirs = from_crd(schema_of(kind)["properties"][part])
    if part == "status":
        ours["properties"]["observedGeneration"].pop("default", None)
    assert theirs == ours


@pytest.mark.parametrize(
    ("kind", "path", "enum"),
    [
        ("TrackBatch", "spec.extraction.engine", Engine),
        ("TrackBatch", "spec.source.metadata.format", MetadataFormat),
        ("TrackBatch", "spec.source.metadata.rowsWithoutAudio", RowsWithoutAudio),
        ("TrackBatch", "status.phase", Phase),
        ("TrainingRun", "spec.families[]", Family),
        ("TrainingRun", "spec.kmeans.distance", Distance),
        ("TrainingRun", "spec.promotion.policy", PromotionPolicy),
    ],
)
def test_enums_are_the_contract_s(kind: str, path: str, enum: Any) -> None:
    assert dict(nodes(schema_of(kind)))[path]["enum"] == [str(member) for member in enum]


def model_rules() -> set[str]:
    """Every rule's message: those of models, and those of single values."""
    modules = (base, pod_overrides, trackbatch, trainingrun)
    values = [value for module in modules for _, value in inspect.getmembers(module)]
    rules = [value for value in values if isinstance(value, Rule)]
    for value in values:
        if inspect.isclass(value) and issubclass(value, ApiModel):
            rules.extend(value.RULES)
    return {rule.message for rule in rules}


def test_every_rule_of_the_models_is_in_a_crd_and_none_besides() -> None:
    said = {
        rule["message"]
        for kind in KINDS
        for _, node in nodes(schema_of(kind))
        for rule in node.get("x-kubernetes-validations", ())
        if "oldSelf" not in rule["rule"]
    }
    assert said == model_rules() - SAID_BY_LIST_TYPE


@pytest.mark.parametrize("kind", KINDS)
def test_transition_rules_use_the_words_of_validate_update(kind: str) -> None:
    messages = {
        rule["message"]
        for _, node in nodes(schema_of(kind))
        for rule in node.get("x-kubernetes-validations", ())
        if "oldSelf" in rule["rule"]
    }
    assert messages == {CHANGE_REFUSED}


@pytest.mark.parametrize(
    ("kind", "model"), [("TrackBatch", trackbatch.TrackBatch), ("TrainingRun", trainingrun.TrainingRun)]
)
def test_every_field_of_the_spec_is_fixed_or_named_as_mutable(kind: str, model: Any) -> None:
    spec = schema_of(kind)["properties"]["spec"]
    fixed = {path for path, node in nodes(spec) if has_transition_rule(node)}
    leaves = {path for path, node in nodes(spec) if "[]" not in path and "{}" not in path and "properties" not in node}
    free = {path for path in leaves if path and not any(path == f or path.startswith(f"{f}.") for f in fixed)}
    assert free == set(model.MUTABLE)


def has_transition_rule(node: Mapping[str, Any]) -> bool:
    return any(rule["rule"] == "self == oldSelf" for rule in node.get("x-kubernetes-validations", ()))


@pytest.mark.parametrize("kind", KINDS)
def test_an_optional_fixed_field_cannot_be_added_or_removed(kind: str) -> None:
    for path, node in nodes(schema_of(kind)["properties"]["spec"]):
        rules = {rule["rule"] for rule in node.get("x-kubernetes-validations", ())}
        for name, child in node.get("properties", {}).items():
            optional = "default" not in child and name not in node.get("required", ())
            if has_transition_rule(child) and optional:
                assert f"has(self.{name}) == has(oldSelf.{name})" in rules, f"{path}.{name}"


@pytest.mark.parametrize("kind", KINDS)
def test_pod_overrides_are_the_same_in_both_kinds(kind: str) -> None:
    ours = schema_of(kind)["properties"]["spec"]["properties"]["podOverrides"]
    assert ours == schema_of("TrackBatch")["properties"]["spec"]["properties"]["podOverrides"]


def test_every_pattern_has_words() -> None:
    patterns = {
        node["pattern"]
        for kind in KINDS
        for _, node in nodes(schema_of(kind)["properties"]["spec"])
        if "pattern" in node
    }
    assert patterns == set(PATTERNS)


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_columns(kind: str) -> None:
    spec = load_crd(kind)["spec"]
    version = spec["versions"][0]
    assert (spec["group"], version["name"], spec["names"]["categories"]) == (GROUP, VERSION, [CATEGORY])
    assert load_crd(kind)["metadata"]["name"] == f"{spec['names']['plural']}.{GROUP}"
    assert spec["names"]["shortNames"] == [{"TrackBatch": "tb", "TrainingRun": "trun"}[kind]]
    assert version["subresources"] == {"status": {}}
    assert sum(1 for column in version["additionalPrinterColumns"] if not column.get("priority")) <= 6
    rules = [rule["rule"] for rule in schema_of(kind)["x-kubernetes-validations"]]
    assert f"size(self.metadata.name) <= {NAME_LENGTH}" in rules


@pytest.mark.parametrize("kind", KINDS)
def test_columns_point_to_fields(kind: str) -> None:
    known = {path for path, _ in nodes(schema_of(kind))} | {"metadata.creationTimestamp"}
    for column in load_crd(kind)["spec"]["versions"][0]["additionalPrinterColumns"]:
        path = column["jsonPath"].removeprefix(".")
        plain = path.replace('[?(@.type=="Succeeded")]', "[]")
        assert plain in known, column


@pytest.mark.parametrize(
    ("kind", "types"), [("TrackBatch", TrackBatchCondition), ("TrainingRun", TrainingRunCondition)]
)
def test_the_description_of_conditions_names_every_type(kind: str, types: Any) -> None:
    description = dict(nodes(schema_of(kind)))["status.conditions"]["description"]
    assert all(str(type_) in description for type_ in types)
