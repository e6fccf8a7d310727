"""Schemas that several files of these tests need."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from support.charts import SHARED, Manifest, crd_schemas


@pytest.fixture(scope="session")
def foreign_schemas() -> Mapping[tuple[str, str], Manifest]:
    """Schemas of the custom resources of other projects that the charts make."""
    paths = sorted([*(SHARED / "crds").glob("*.yaml"), *(SHARED / "strimzi" / "chart" / "crds").glob("*.yaml")])
    if not paths:
        pytest.skip("the CustomResourceDefinitions of Strimzi, MongoDB and Prometheus are not on this machine")
    return crd_schemas(paths)
