"""Whether the API server has this version's CRDs: what it does not know of a status, it drops without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import yaml

from segue_operator.api.constants import API_VERSION
from segue_operator.api.objects import Kind
from segue_operator.controller.cluster import KindMissingError
from segue_operator.kube.client import Client
from segue_operator.kube.paths import OWN_KINDS, PLURALS

_PATH = f"/openapi/v3/apis/{API_VERSION}"
_FIRST = 5


class SchemaError(Exception):
    """The cluster's CRDs are missing or are of another version; the message says which and what to do."""


def own_schema(kind: Kind) -> dict[str, Any]:
    """Schema of one of Segue's kinds as this version ships it."""
    folder = resources.files("segue_operator.api") / "crds"
    crd = yaml.safe_load((folder / f"{PLURALS[kind]}.yaml").read_text(encoding="utf-8"))
    return dict(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


def missing_fields(ours: Mapping[str, Any], served: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Paths of fields that this version's schema has and the served one has not."""
    theirs = served.get("properties") or {}
    for name, schema in (ours.get("properties") or {}).items():
        if path == "" and name in ("apiVersion", "kind", "metadata"):
            continue
        here = f"{path}.{name}"
        if name not in theirs:
            yield here
        else:
            yield from missing_fields(schema, theirs[name], here)
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
    """Hold the served schemas against this version's.

    Raises
    ------
    SchemaError
        A kind or a field is missing.
    """
    served = served_schemas(document)
    for kind in OWN_KINDS:
        name = f"{PLURALS[kind]}.{API_VERSION.partition('/')[0]}"
        if kind not in served:
            raise SchemaError(f"the cluster has no CRD {name}: install the CRDs of this version (chart segue)")
        missing = list(missing_fields(own_schema(kind), served[kind]))
        if missing:
            more = f" and {len(missing) - _FIRST} more" if len(missing) > _FIRST else ""
            raise SchemaError(
                f"the cluster's CRD {name} is of another version: it lacks {', '.join(missing[:_FIRST])}{more}; "
                "upgrade the CRDs to this version (chart segue)"
            )


async def check_served(client: Client) -> None:
    """Read the served schemas and `check` them.

    Raises
    ------
    SchemaError
        A kind or a field is missing.
    ClusterError
        The server does not say.
    """
    try:
        document = await client.request("GET", _PATH, about="OpenAPI")
    except KindMissingError:
        document = {}
    check(document)
