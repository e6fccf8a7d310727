"""An object store over files of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.cluster.api_server.object_files import ObjectFiles
from segue.cluster.api_server.object_store import ObjectStore


@pytest.fixture
def files(tmp_path: Path) -> ObjectFiles:
    return ObjectFiles(tmp_path)


@pytest.fixture
def store(files: ObjectFiles) -> ObjectStore:
    return ObjectStore(files)
