"""Schemas that several files of these tests need."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from support.charts import Manifest
from support.other_charts import foreign_crds
from support.schemas import crd_schemas


@pytest.fixture(scope="session")
def foreign_schemas() -> Mapping[tuple[str, str], Manifest]:
    """Schemas of other projects' custom resources, as far as they are on this machine."""
    return crd_schemas(foreign_crds())
