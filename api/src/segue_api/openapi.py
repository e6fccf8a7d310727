"""The OpenAPI 3.1 document, made from the operations and their types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from segue_api.http.operation import AnyOperation
from segue_api.problems import MEDIA_TYPE, Problem, ProblemDocument
from segue_core import __version__

_REFERENCES = "#/components/schemas/{name}"
_ALWAYS = (
    Problem.INVALID_PARAMETER,
    Problem.CATALOGUE_NEEDED,
    Problem.KEY_NEEDED,
    Problem.NOT_ALLOWED,
    Problem.UNKNOWN_CATALOGUE,
    Problem.TOO_MANY_FAILURES,
    Problem.INTERNAL,
    Problem.BUSY,
    Problem.NOT_LOADED,
)
_WITH_BODY = (Problem.INVALID_BODY, Problem.BODY_TOO_SLOW, Problem.BODY_TOO_LARGE, Problem.UNSUPPORTED_MEDIA_TYPE)
_DESCRIPTION = "Recommendations from a music catalogue, and what listeners do with them."


def document(operations: Sequence[AnyOperation]) -> dict[str, Any]:
    """The document.

    Parameters
    ----------
    operations
        Everything that is served.
    """
    types: list[type[Struct]] = [ProblemDocument]
    for operation in operations:
        types += [kind for kind in (operation.parameters, operation.body, operation.answer) if kind is not None]
    _, components = msgspec.json.schema_components(types, ref_template=_REFERENCES)
    parameters = {operation.parameters.__name__ for operation in operations}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, components[operation.parameters.__name__])
        paths.setdefault(operation.template, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Segue", "version": __version__, "description": _DESCRIPTION},
        "security": [{"key": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in parameters},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "segue"},
            },
        },
    }


def _operation(operation: AnyOperation, parameters: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs a key of the role {' or '.join(sorted(operation.roles))}.",
        "parameters": [
            _parameter(name, schema, operation) for name, schema in parameters.get("properties", {}).items()
        ],
        "responses": {str(operation.status): _answer(operation), **_parts(operation), **_problems(operation)},
    }
    if operation.key_of is not None:
        described["security"] = []
        described["description"] = "Needs no key but the one in the body."
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}}
    return described


def _parameter(name: str, schema: dict[str, Any], operation: AnyOperation) -> dict[str, Any]:
    in_path = f"{{{name}}}" in operation.template
    alternatives = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    shown = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "description")}
    if len(alternatives) == 1:
        shown |= alternatives[0]
    if schema.get("default") not in (None, [], ""):
        shown["default"] = schema["default"]
    described = {
        "name": name,
        "in": "path" if in_path else "query",
        "required": in_path or "default" not in schema,
        "schema": shown,
    }
    if "description" in schema:
        described["description"] = schema["description"]
    return described


def _answer(operation: AnyOperation) -> dict[str, Any]:
    if operation.answer is None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {"description": operation.summary, "content": {operation.media_type: binary}}
    return {"description": operation.summary, "content": {"application/json": {"schema": _ref(operation.answer)}}}


def _parts(operation: AnyOperation) -> dict[str, Any]:
    """Answers that have not everything, or nothing new."""
    if operation.answer is not None:
        return {}
    nothing = {"304": {"description": "What If-None-Match names is still current."}}
    return nothing | ({"206": {**_answer(operation), "description": "One range of it."}} if operation.partial else {})


def _problems(operation: AnyOperation) -> dict[str, Any]:
    kinds = (*_ALWAYS, *(_WITH_BODY if operation.body is not None else ()), *operation.problems)
    return {str(status): _problem(status, kinds) for status in sorted({kind.status for kind in kinds})}


def _problem(status: int, kinds: Iterable[Problem]) -> dict[str, Any]:
    types = dict.fromkeys(kind.type for kind in kinds if kind.status == status)
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(types)}",
        "content": {MEDIA_TYPE: {"schema": _ref(ProblemDocument)}},
    }


def _ref(kind: type[Struct]) -> dict[str, str]:
    return {"$ref": _REFERENCES.format(name=kind.__name__)}
