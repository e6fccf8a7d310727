"""What an API server demands of a CRD's schema."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from support.custom_resources import nodes, schema_of

KINDS = ["TrackBatch", "TrainingRun"]
FORBIDDEN = {"$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties",
             "readOnly", "writeOnly", "xml", "uniqueItems"}  # fmt: skip


def is_named_field(path: str) -> bool:
    return bool(path) and not path.endswith(("[]", "{}"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_node_is_structural(kind: str) -> None:
    for path, node in nodes(schema_of(kind)):
        assert not FORBIDDEN & set(node), path
        assert node.get("type") in {"object", "array", "string", "integer", "boolean"} or node.get(
            "x-kubernetes-int-or-string"
        )
        if path == "metadata":
            assert node == {"type": "object"}, "the server has a schema of its own for it, and refuses another"
            continue
        assert node.get("description") or not is_named_field(path), path
        if node.get("type") == "array":
            assert "items" in node, path
            assert node["maxItems"], path
            assert node["x-kubernetes-list-type"] in {"atomic", "set", "map"}, path
        assert not ("properties" in node and "additionalProperties" in node), path
        assert set(node.get("required", ())) <= set(node.get("properties", {})), path


@pytest.mark.parametrize("kind", KINDS)
def test_texts_and_maps_are_bounded(kind: str) -> None:
    for path, node in nodes(schema_of(kind)):
        if path in ("", "apiVersion", "kind", "metadata"):
            continue
        if node.get("type") == "string":
            assert "maxLength" in node or "enum" in node or node.get("format") == "date-time", path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_valid_and_never_required(kind: str) -> None:
    for path, node in nodes(schema_of(kind)):
        if "default" in node:
            plain = {key: value for key, value in node.items() if not key.startswith("x-kubernetes")}
            Draft202012Validator(plain).validate(node["default"])
        for name in node.get("required", ()):
            assert "default" not in node["properties"][name], path


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_map_lists_are_required_scalars(kind: str) -> None:
    for path, node in nodes(schema_of(kind)):
        for key in node.get("x-kubernetes-list-map-keys", ()):
            assert key in node["items"]["required"], path
            assert node["items"]["properties"][key]["type"] in {"string", "integer"}, path


@pytest.mark.parametrize("kind", KINDS)
def test_rules_have_messages_of_one_line(kind: str) -> None:
    for path, node in nodes(schema_of(kind)):
        for rule in node.get("x-kubernetes-validations", ()):
            assert set(rule) <= {"rule", "message", "fieldPath"}, path
            assert rule["message"], path
            assert "\n" not in rule["message"] + rule["rule"], path
