"""Audio files that libsndfile cannot write, by the encoders of examples/."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np

from support.audio import Samples, tune
from support.examples import load

REPOSITORY = Path(__file__).parents[2]
RATE = 44_100


def formats() -> ModuleType:
    """The module with the encoders."""
    return load(REPOSITORY, "music_formats")


def stereo(seconds: float = 8.0, *, seed: int = 1) -> Samples:
    """A tune in two channels of different loudness, shape (samples, 2)."""
    mono = tune(seconds, RATE, seed=seed)
    return np.stack([mono, 0.7 * mono], axis=1)


def write_as(path: Path, sound: Samples, rate: int = RATE, **tags: str) -> Path:
    """Encode a sound in the format of the path's suffix; ``.alac.m4a`` is one."""
    module = formats()
    writers = {".dsf": module.write_dsf, ".dff": module.write_dff}
    if path.suffix in writers:
        return writers[path.suffix](path, sound, rate)
    fitting = [form for form in module.FORMATS if path.name.endswith(form.suffix)]
    return module.write(path, sound, rate, max(fitting, key=lambda form: len(form.suffix)), tags)
