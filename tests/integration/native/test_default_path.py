"""What the default engine loads, and how much memory a long file needs."""

import subprocess
import sys

import pytest

from segue_core.contract import Engine, ExtractArguments
from support.audio import tune, write_audio, write_tune

_ANALYSE = """
import sys
from pathlib import Path
import segue_jobs.extract.workers
from segue_core.contract import Engine, WindowPosition
from segue_jobs.extract.analyse import Method, Request, analyse_file
from segue_jobs.extract.decode import Window
method = Method(Engine.NATIVE, Window(WindowPosition.WHOLE, 30.0, 1.0), 1 << 40)
assert analyse_file(Request("1", Path(sys.argv[1]), method)).families
"""


def _run(code, path):
    return subprocess.run(
        [sys.executable, "-c", _ANALYSE + code, path], capture_output=True, text=True, check=True
    ).stdout


def test_the_default_engine_is_the_native_one():
    assert ExtractArguments(catalogue="c", batch="b", batch_uid="u", audio_root="/music").engine is Engine.NATIVE


def test_a_worker_loads_nothing_that_is_slow_to_load(tmp_path):
    loaded = _run("print(*sys.modules)", write_tune(tmp_path / "tune.mp3"))
    absent = {
        "librosa",
        "numba",
        "llvmlite",
        "sklearn",
        "pandas",
        "scipy.signal",
        "scipy.stats",
        "scipy.fft",
        "scipy.special",
    }
    absent |= {"numpy.f2py", "numpy.ma", "numpy.random"}
    assert not absent & set(loaded.split())


def test_the_transforms_are_loaded_without_breaking_numpy_or_scipy(tmp_path):
    code = "import numpy, scipy.stats, scipy.signal; numpy.testing.assert_equal(numpy.ma.array([1]).sum(), 1); "
    code += "print('f2py' in dir(numpy) and 'f2py' in numpy.__all__)"
    assert _run(code, write_tune(tmp_path / "tune.wav")).strip() == "True"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ten_minutes_take_little_more_memory_than_half_a_minute(tmp_path):
    code = "import re; print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    short = write_audio(tmp_path / "short.wav", tune(30.0))
    long = write_audio(tmp_path / "long.wav", tune(600.0))
    # 26,000 frames of 0.7 kB, and room for what the allocator keeps.
    assert int(_run(code, long)) - int(_run(code, short)) < 40_000
