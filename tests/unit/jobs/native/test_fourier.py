"""The transforms, loaded without scipy.fft, equal scipy's bit by bit, and scipy.fft still works afterwards."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.fft

from segue_jobs.native import fourier

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_real_transform_is_scipys(kind: type) -> None:
    frames = RANDOM.standard_normal((7, 2048)).astype(kind)
    expected = scipy.fft.rfft(frames, axis=1)
    assert np.array_equal(fourier.rfft(frames, 1), expected)
    rows = np.empty((1025, 7), expected.dtype)
    assert np.array_equal(fourier.rfft(frames.T, 0, rows), expected.T)
    assert np.array_equal(rows, expected.T)


def test_the_other_transforms_are_scipys() -> None:
    values = RANDOM.standard_normal((3, 500)) + 1j * RANDOM.standard_normal((3, 500))
    assert np.array_equal(fourier.fft(values, 640), scipy.fft.fft(values, 640))
    assert np.array_equal(fourier.fft(values.real[0], 640), scipy.fft.fft(values.real[0] + 0j, 640))
    assert np.array_equal(fourier.ifft(values), scipy.fft.ifft(values))
    assert np.array_equal(fourier.irfft(np.abs(values[0]), 998), scipy.fft.irfft(np.abs(values[0]), 998))
    assert [fourier.next_fast_length(length, real=real) for length in (687, 1637) for real in (True, False)] == [
        scipy.fft.next_fast_len(length, real=real) for length in (687, 1637) for real in (True, False)
    ]


def test_this_scipy_has_the_compiled_module_where_it_is_looked_for() -> None:
    assert fourier.load_transforms() is not None, (
        "scipy has changed: its compiled transforms are in none of fourier.COMPILED; until the new place is added, "
        "every worker loads all of scipy.fft"
    )


def test_scipy_fft_keeps_using_the_same_compiled_module() -> None:
    code = """
import importlib, sys, numpy as np
from segue_jobs.native import fourier
assert "scipy.fft" not in sys.modules
before = fourier.load_transforms()
import scipy.fft
package, _, _ = before.__spec__.name.rpartition(".")
assert importlib.import_module(package + ".basic").pfft is before
assert abs(scipy.fft.rfft(np.ones(8))[0] - 8) < 1e-9
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_scipy_without_the_compiled_module_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fourier, "_transforms", None)
    monkeypatch.setattr(fourier, "_public", scipy.fft, raising=False)
    test_the_other_transforms_are_scipys()
    frames = RANDOM.standard_normal((2, 64)).astype(np.float32)
    assert np.array_equal(fourier.rfft(frames, 1), scipy.fft.rfft(frames, axis=1))
