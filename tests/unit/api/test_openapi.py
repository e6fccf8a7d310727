"""The description of the API is valid, complete, and what the service does."""

from __future__ import annotations

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from segue_api.openapi import document
from segue_api.problems import Problem
from segue_api.routes import OPERATIONS
from segue_core.contract import Role
from support.service import MemoryService

_service = MemoryService()
_service.serve(count=60)
_client = _service.client(Role.ADMIN)
schema = schemathesis.openapi.from_asgi("/v1/openapi.json", _service.app)
_CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@schema.parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_as_described(case: schemathesis.Case) -> None:
    headers = {"Authorization": _client.headers["Authorization"]}
    case.call_and_validate(headers=headers, checks=list(_CHECKS))


def test_every_operation_is_described_once() -> None:
    described = document(OPERATIONS)
    methods = [(path, method) for path, item in described["paths"].items() for method in item]
    assert len(methods) == len(OPERATIONS)
    names = [operation["operationId"] for item in described["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(OPERATIONS)
    assert all(
        operation["summary"].endswith(".") for item in described["paths"].values() for operation in item.values()
    )


def test_parameters_in_the_path_are_required_and_those_with_a_default_are_not() -> None:
    parameters = document(OPERATIONS)["paths"]["/v1/users/{user}/recommendations"]["get"]["parameters"]
    found = {one["name"]: (one["in"], one["required"]) for one in parameters}
    assert found["user"] == ("path", True)
    assert found["limit"] == found["catalogue"] == ("query", False)


def test_schemas_are_valid() -> None:
    for name, described in document(OPERATIONS)["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(described)
        assert described.get("description") or described.get("enum"), name


@pytest.mark.parametrize("problem", Problem)
def test_types_of_problems_are_stable_names(problem: Problem) -> None:
    assert problem.type.removeprefix("urn:segue:problem:").replace("-", "").isalpha()
    assert 400 <= problem.status <= 503
