"""An API server in which nothing happens by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.cluster.local_cluster import LocalCluster
from support.api_server import ApiServer, serving


@pytest.fixture
async def quiet_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiServer]:
    """The server, which ``KUBECONFIG`` names; its Jobs make no pods."""
    async with LocalCluster(tmp_path / "state", processes=False) as cluster, serving(cluster) as running:
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig(tmp_path)))
        yield running
