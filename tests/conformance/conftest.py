"""Both worlds; the one of Kubernetes where ``KUBECONFIG`` names a cluster."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.worlds import World, build_image, kubernetes_world, local_world

WORLDS = ["local", pytest.param("kubernetes", marks=pytest.mark.cluster)]


@pytest.fixture(scope="session")
def conformance_image(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The image of the stand-ins, on the cluster's node."""
    if not os.environ.get("SEGUE_LOAD_IMAGE") or shutil.which("buildah") is None:
        pytest.skip("set SEGUE_LOAD_IMAGE to the command that brings a local image onto the node; buildah builds it")
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
