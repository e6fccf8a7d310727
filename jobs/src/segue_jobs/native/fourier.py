"""scipy's Fourier transforms without the imports of scipy.fft.

``scipy.fft`` imports numpy's random numbers, ``scipy.special`` and layers for other array libraries: that takes a third
of the time until the first vector, and twenty megabytes in every worker. The compiled transforms need none of it. They
are loaded alone, under their own name, so that a later ``import scipy.fft`` uses the same module; if scipy has them in
neither place, ``scipy.fft`` itself is imported.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

COMPILED = ("scipy.fft._duccfft.pyduccfft", "scipy.fft._pocketfft.pypocketfft")
"""From scipy 1.18 on, and before. Both take the same arguments."""
_WHOLE_FORWARD, _WHOLE_INVERSE = 0, 2
"""Their normalisation: none, and one over the length."""


def load_transforms() -> ModuleType | None:
    """The compiled module; None if this scipy has it elsewhere."""
    for name in COMPILED:
        if name in sys.modules:
            return sys.modules[name]
        if module := _load_alone(name):
            return module
    return None


def _load_alone(full_name: str) -> ModuleType | None:
    package = find_spec("scipy")
    _, *folders, name = full_name.split(".")
    places = [str(Path(place, *folders)) for place in package.submodule_search_locations or ()] if package else []
    spec = PathFinder.find_spec(name, places)
    if spec is None or spec.loader is None:
        return None
    spec.name = full_name
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[full_name] = module
    return module


_transforms = load_transforms()
if _transforms is None:
    import scipy.fft as _public


def rfft(values: NDArray[Any], axis: int, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """``scipy.fft.rfft``; writing to `out`, if given, halves the memory that goes through the cache."""
    if _transforms is None:
        return np.asarray(_public.rfft(values, axis=axis))
    return np.asarray(_transforms.r2c(values, (axis,), True, _WHOLE_FORWARD, out, 1))


def irfft(values: NDArray[Any], length: int) -> NDArray[Any]:
    """``scipy.fft.irfft`` along the last axis."""
    if _transforms is None:
        return np.asarray(_public.irfft(values, length))
    return np.asarray(
        _transforms.c2r(values.astype(np.complex128, copy=False), (-1,), length, False, _WHOLE_INVERSE, None, 1)
    )


def fft(values: NDArray[Any], length: int) -> NDArray[Any]:
    """``scipy.fft.fft`` along the last axis, padded with zeros to the length."""
    if _transforms is None:
        return np.asarray(_public.fft(np.asarray(values, np.complex128), length))
    filled = np.zeros((*values.shape[:-1], length), np.complex128)
    filled[..., : values.shape[-1]] = values
    return np.asarray(_transforms.c2c(filled, (-1,), True, _WHOLE_FORWARD, filled, 1))


def ifft(values: NDArray[Any]) -> NDArray[Any]:
    """``scipy.fft.ifft`` along the last axis."""
    if _transforms is None:
        return np.asarray(_public.ifft(values))
    return np.asarray(_transforms.c2c(values, (-1,), False, _WHOLE_INVERSE, None, 1))


def next_fast_length(least: int, *, real: bool = False) -> int:
    """``scipy.fft.next_fast_len``."""
    if _transforms is None:
        return int(_public.next_fast_len(least, real=real))
    return int(_transforms.good_size(least, real))
