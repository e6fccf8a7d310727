"""The scripts of examples/, which are not a package, as modules."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType


def load(repository: Path, name: str) -> ModuleType:
    """One of the scripts, imported as the others import it: from their folder."""
    folder = str(repository / "examples")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)
