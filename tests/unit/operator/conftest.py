"""Golden files: what builders make, reviewable as YAML; ``--update-golden`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Compare a document with a golden file, or write the file."""

    def compare(name: str, document: Any) -> None:
        path = GOLDEN / f"{name}.yaml"
        if request.config.getoption("--update-golden", default=False):
            path.write_text(yaml.dump(document, Dumper=PlainDumper, sort_keys=False, width=120), encoding="utf-8")
        assert yaml.safe_load(path.read_text(encoding="utf-8")) == document

    return compare


class PlainDumper(yaml.SafeDumper):
    """YAML without anchors; refuses what is no plain data, such as an enum."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
