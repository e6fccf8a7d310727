"""Packages whose submodules are wanted, but not what their ``__init__`` imports."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from typing import Any


def defer(name: str) -> None:
    """Put a package in place without running it; it is run as soon as anything but a submodule is asked of it.

    ``import package.part.module`` runs ``package/__init__.py`` first, whatever that imports. Of the package, Python
    itself wants no more than the path that its submodules are on. The standard library's ``LazyLoader`` would be the
    way, but for that: it runs a package as soon as its path is read.

    A package that is not installed or was imported before is left alone.

    Parameters
    ----------
    name
        The package; the ones that it is in must be deferred before it.
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
