"""Import submodules of a package without what its ``__init__`` imports."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from typing import Any


def defer(name: str) -> None:
    """Register a package without executing it; it is executed when anything but a submodule is asked for.

    ``import package.part.module`` executes ``package/__init__.py`` first, with all its imports. Python itself only
    needs the package's path to find the submodules. The standard library's ``LazyLoader`` does not help: it executes
    the package as soon as its path is read.

    A package that is not installed, or was imported before, stays as it is.

    Parameters
    ----------
    name
        The package; its parent packages must be deferred first.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    package, loader = module_from_spec(spec), spec.loader

    def run_first(attribute: str) -> Any:
        vars(package).pop("__getattr__", None)
        loader.exec_module(package)
        return getattr(package, attribute)

    vars(package)["__getattr__"] = run_first
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)
