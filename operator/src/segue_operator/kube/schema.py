"""Check that the API server has this version's CRDs: it drops unknown fields of a status and refuses unknown values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from segue_operator.controller.cluster import KindMissingError
from segue_operator.kinds.constants import API_VERSION, GROUP
from segue_operator.kinds.messages import first_of
from segue_operator.kinds.objects import OWN_KINDS, Kind
from segue_operator.kube.client import Client
from segue_operator.kube.paths import PLURALS

_PATH = f"/openapi/v3/apis/{API_VERSION}"


class SchemaError(Exception):
    """The cluster's CRDs are missing or from another version; the message says which and what to do."""


@cache
def own_schema(kind: Kind) -> Mapping[str, Any]:
    """Schema, in this version, of one of Segue's kinds. Read once: its YAML takes longer than all else at a start."""
    folder = resources.files("segue_operator.kinds") / "crds"
    crd = yaml.safe_load((folder / f"{PLURALS[kind]}.yaml").read_text(encoding="utf-8"))
    return MappingProxyType(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


def missing_fields(ours: Mapping[str, Any], served: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Paths of the fields that the served schema lacks, and of values, as in ``.status.phase=Queued``."""
    theirs = served.get("properties") or {}
    for name, schema in (ours.get("properties") or {}).items():
        if path == "" and name in ("apiVersion", "kind", "metadata"):
            continue
        here = f"{path}.{name}"
        if name not in theirs:
            yield here
        else:
            yield from missing_fields(schema, theirs[name], here)
    if "enum" in served:
        yield from (f"{path}={value}" for value in ours.get("enum") or () if value not in served["enum"])
    items = ours.get("items")
    if items is not None:
        yield from missing_fields(items, served.get("items") or {}, f"{path}[]")


def served_schemas(document: Mapping[str, Any]) -> dict[Kind, Mapping[str, Any]]:
    """Schemas of Segue's kinds in an OpenAPI v3 document."""
    found: dict[Kind, Mapping[str, Any]] = {}
    for schema in ((document.get("components") or {}).get("schemas") or {}).values():
        for identity in schema.get("x-kubernetes-group-version-kind") or ():
            version = f"{identity.get('group')}/{identity.get('version')}"
            for kind in OWN_KINDS:
                if version == API_VERSION and identity.get("kind") == kind:
                    found[kind] = schema
    return found


def check(document: Mapping[str, Any]) -> None:
    """Compare the served schemas with this version's.

    Raises
    ------
    SchemaError
        A kind or a field is missing.
    """
    served = served_schemas(document)
    for kind in OWN_KINDS:
        name = f"{PLURALS[kind]}.{GROUP}"
        if kind not in served:
            raise SchemaError(f"the cluster has no CRD {name}: install the CRDs of this version (chart segue)")
        missing = list(missing_fields(own_schema(kind), served[kind]))
        if missing:
            raise SchemaError(
                f"the cluster's CRD {name} is from another version: it lacks {first_of(missing)}; "
                "upgrade the CRDs to this version (chart segue)"
            )


async def check_served(client: Client) -> None:
    """Read the served schemas and `check` them.

    Raises
    ------
    SchemaError
        A kind or a field is missing.
    ClusterError
        The server did not answer.
    """
    try:
        document = await client.request("GET", _PATH, about="OpenAPI")
    except KindMissingError:
        document = {}
    check(document)
