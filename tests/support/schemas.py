"""CustomResourceDefinitions as JSON schemas that refuse what they do not name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from support.charts import Loader, Manifest


def crd_schemas(paths: Sequence[Path]) -> dict[tuple[str, str], Manifest]:
    """Schemas of custom resources by apiVersion and kind, with unknown fields refused."""
    schemas = {}
    for path in paths:
        for crd in yaml.load_all(path.read_text(encoding="utf-8"), Loader=Loader):
            if crd and crd["kind"] == "CustomResourceDefinition":
                for version in crd["spec"]["versions"]:
                    schema = _closed(version["schema"]["openAPIV3Schema"])
                    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
                    schemas[f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]] = schema
    return schemas


def _closed(schema: Any) -> Any:
    """A structural schema as JSON schema: what it does not name is refused, unless it says otherwise."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    closed = {}
    for key, value in schema.items():
        if key in ("oneOf", "anyOf", "allOf", "not"):
            closed[key] = value  # conditions on what the structure beside them names
        elif key == "properties":
            closed[key] = {name: _closed(one) for name, one in value.items()}
        else:
            closed[key] = _closed(value)
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not is_open:
        closed["additionalProperties"] = False
    return closed


def check_custom(manifest: Manifest, schemas: Mapping[tuple[str, str], Manifest]) -> bool:
    """Hold a custom resource against its schema; False if there is none."""
    schema = schemas.get((manifest["apiVersion"], manifest["kind"]))
    if schema is None:
        return False
    jsonschema.Draft7Validator(schema).validate(manifest)
    return True
