"""Both worlds; the one of Kubernetes where ``KUBECONFIG`` names a cluster."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.kubernetes_world import build_image, kubernetes_world
from support.local_world import local_world
from support.worlds import World

WORLDS = ["local", pytest.param("kubernetes", marks=pytest.mark.cluster)]


@pytest.fixture(scope="session")
def conformance_image(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The image of the stand-ins, on the cluster's nodes."""
    missing = [name for name in ("SEGUE_BUILD_IMAGE", "SEGUE_LOAD_IMAGE") if not os.environ.get(name)]
    if missing:
        pytest.skip(f"{' and '.join(missing)} unset: tests/cluster/run.sh says what they are")
    build_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A cluster for one test."""
    if request.param == "local":
        async with local_world(tmp_path) as local:
            yield local
        return
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster")
    request.getfixturevalue("conformance_image")
    async with kubernetes_world(f"conf-{uuid.uuid4().hex[:8]}") as kubernetes:
        yield kubernetes
