"""The cluster of the controller's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.cluster.local_cluster import LocalCluster
from support.faults import FaultyCluster


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[FaultyCluster]:
    async with LocalCluster(tmp_path, processes=False) as inner:
        yield FaultyCluster(inner)
