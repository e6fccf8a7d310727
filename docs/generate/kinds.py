"""Reference of a custom resource, from its CustomResourceDefinition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tables import code, table

Schema = dict[str, Any]

CRDS = "charts/segue/files/crds"
"""The chart's copies, which the tests keep equal to the operator's own."""


def page(root: Path, plural: str) -> str:
    """Markdown page of the kind with this plural name."""
    crd = yaml.safe_load((root / CRDS / f"{plural}.yaml").read_text("utf-8"))
    names, group, version = crd["spec"]["names"], crd["spec"]["group"], crd["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    columns = [(column["name"], column.get("description", "")) for column in version["additionalPrinterColumns"]]
    short = ", ".join(code(name) for name in [names["plural"], *names["shortNames"]])
    parts = [
        f"# {names['kind']}",
        schema["description"],
        (
            f"`apiVersion: {group}/{version['name']}`, `kind: {names['kind']}`; for kubectl {short}. "
            "Generated from the CustomResourceDefinition."
        ),
    ]
    for part in ("spec", "status"):
        fields = schema["properties"][part]
        parts += [f"## {part}", fields["description"], _table(fields), *_rules(fields), *_nested(fields)]
    parts += ["## Columns of kubectl get", table(["column", "what it shows"], columns)]
    return "\n\n".join(parts) + "\n"


def _nested(schema: Schema, path: str = "") -> Iterator[str]:
    """A section for each object below a schema, named by its path: `a.b`, and `a[].b` inside a list."""
    for name, field in schema.get("properties", {}).items():
        for inner, here in ((field, f"{path}{name}"), (field.get("items", {}), f"{path}{name}[]")):
            if "properties" in inner:
                yield from (f"### {here}", field["description"], _table(inner), *_rules(inner))
                yield from _nested(inner, f"{here}.")


def _table(schema: Schema) -> str:
    required = schema.get("required", ())
    rows = [
        (code(name), _type(field), _default(field), f"{'**Required.** ' * (name in required)}{field['description']}")
        for name, field in schema["properties"].items()
    ]
    return table(["field", "type", "default", "description"], rows)


def _type(field: Schema) -> str:
    if "enum" in field:
        return ", ".join(code(value) for value in field["enum"])
    kind = str(field.get("type", "integer or string"))
    if kind == "array":
        items = field["items"]
        values = ", ".join(code(value) for value in items.get("enum", ()))
        return f"list of {values or items['type']}"
    if isinstance(extra := field.get("additionalProperties"), dict):
        return f"map of {extra.get('type', 'quantity')}"
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low} to {high}"
    return f"{kind}, at least {low}" if low is not None else kind


def _default(field: Schema) -> str:
    default = field.get("default", "")
    return "" if default in ("", {}) else code(json.dumps(default))


def _rules(schema: Schema) -> list[str]:
    """Rules that an object or its fields must keep; that a field is immutable is in its description."""
    named = [("", schema), *((f"`{name}`: ", field) for name, field in schema["properties"].items())]
    rules = [
        f"- {name}{rule['message']}"
        for name, node in named
        if not name or "properties" not in node
        for rule in node.get("x-kubernetes-validations", ())
        if "oldSelf" not in rule["rule"]
    ]
    return ["Rules:", "\n".join(rules)] if rules else []
