"""A service in memory, with one catalogue of synthetic tracks."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from segue_core.contract import Role
from support.service import MemoryService


@pytest.fixture
def service() -> MemoryService:
    """One catalogue, ``fma``, is served."""
    made = MemoryService()
    made.serve()
    return made


@pytest.fixture
def admin(service: MemoryService) -> TestClient:
    return service.client()


@pytest.fixture
def anna(service: MemoryService) -> TestClient:
    return service.client(Role.LISTENER, "anna")
