"""The CRDs as an API server reads them: defaults filled in, schema checked, CEL rules evaluated."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import cel
import yaml
from jsonschema import Draft202012Validator
from kubernetes.utils import parse_quantity

Schema = Mapping[str, Any]
FILES = {"TrackBatch": "trackbatches.yaml", "TrainingRun": "trainingruns.yaml"}

_KUBERNETES_FUNCTIONS = {"quantity": parse_quantity, "compareTo": lambda left, right: (left > right) - (left < right)}
"""What Kubernetes adds to CEL, as far as our rules use it."""


@functools.cache
def load_crd(kind: str) -> dict[str, Any]:
    text = resources.files("segue_operator.kinds").joinpath("crds", FILES[kind]).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def schema_of(kind: str) -> dict[str, Any]:
    return load_crd(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every node of a schema; ``[]`` is a list's entry, ``{}`` a map's value."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from nodes(schema["additionalProperties"], path + "{}")


def with_server_defaults(schema: Schema, value: Any) -> Any:
    """Structural defaulting, from the outside in."""
    if isinstance(value, dict):
        result = dict(value)
        for name, child in schema.get("properties", {}).items():
            if name not in result and "default" in child:
                result[name] = copy.deepcopy(child["default"])
            if name in result:
                result[name] = with_server_defaults(child, result[name])
        return result
    if isinstance(value, list):
        return [with_server_defaults(schema.get("items", {}), entry) for entry in value]
    return value


def _strict(schema: Any) -> Any:
    """The schema as ``fieldValidation=Strict`` has it: unknown fields are errors."""
    if isinstance(schema, list):
        return [_strict(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _strict(value) if key not in ("enum", "default") else value for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    if schema.get("x-kubernetes-list-type") == "set":
        result["uniqueItems"] = True
    if "properties" in schema and isinstance(schema.get("type"), str) and schema["type"] == "object":
        result.setdefault("additionalProperties", False)
    return result


@functools.cache
def _validator(kind: str, part: str) -> Draft202012Validator:
    return Draft202012Validator(_strict(schema_of(kind)["properties"][part]))


def schema_errors(kind: str, manifest: Mapping[str, Any], part: str = "spec") -> list[str]:
    """What the structural schema refuses in a part of a manifest that has its defaults."""
    value = manifest.get(part, {})
    found = [f"{error.json_path}: {error.message}" for error in _validator(kind, part).iter_errors(value)]
    return found + _duplicates(schema_of(kind)["properties"][part], value)


def _duplicates(schema: Schema, value: Any, path: str = "") -> list[str]:
    found: list[str] = []
    if isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                found += _duplicates(child, value[name], f"{path}.{name}")
    elif isinstance(value, list) and schema.get("x-kubernetes-list-type") == "map":
        keys = [
            tuple(str(entry.get(key)) for key in schema["x-kubernetes-list-map-keys"])
            for entry in value
            if isinstance(entry, dict)
        ]
        if len(set(keys)) != len(keys):
            found.append(f"{path}: duplicate")
    return found


_ABSENT = object()


def broken_rules(schema: Schema, value: Any, old: Any = _ABSENT, path: str = "") -> set[tuple[str, str]]:
    """Path and message of every CEL rule that does not hold; transition rules only where there is an old value."""
    broken: set[tuple[str, str]] = set()
    for rule in schema.get("x-kubernetes-validations", ()):
        is_transition = "oldSelf" in rule["rule"]
        if is_transition and old is _ABSENT:
            continue
        variables = {"self": value, "oldSelf": old} if is_transition else {"self": value}
        if cel.evaluate(rule["rule"], cel.Context(variables=variables, functions=_KUBERNETES_FUNCTIONS)) is not True:
            broken.add((path + rule.get("fieldPath", ""), rule["message"]))
    if isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                before = old.get(name, _ABSENT) if isinstance(old, dict) else _ABSENT
                broken |= broken_rules(child, value[name], before, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            broken |= broken_rules(schema.get("items", {}), entry, _ABSENT, f"{path}[{index}]")
    return broken
