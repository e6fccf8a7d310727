"""The recipe: a name for everything that a vector depends on, besides the audio.

Vectors of one recipe can be compared; vectors of two never meet in one model. What only decides whether a track is
rejected (the shortest length, the largest file) changes no vector and is no part of it.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

import soundfile

from segue_jobs.contract import WindowPosition
from segue_jobs.extract.decode import RESAMPLER_QUALITY, Window
from segue_jobs.extract.engine import FeatureEngine
from segue_jobs.features.layout import FEATURE_SET, HOP_LENGTH, N_FFT, SAMPLE_RATE


def recipe_of(engine: FeatureEngine, window: Window) -> str:
    """Feature set and the hash of all parts, such as ``segue-1-0f3a…``."""
    whole = window.position is WindowPosition.WHOLE
    parts = {
        "featureSet": FEATURE_SET,
        "engine": [engine.name, engine.version],
        "decoder": ["libsndfile", soundfile.__libsndfile_version__],
        "resampler": ["soxr", version("soxr"), RESAMPLER_QUALITY],
        "sampleRate": SAMPLE_RATE,
        "frame": [N_FFT, HOP_LENGTH],
        "window": [str(window.position)] if whole else [str(window.position), float(window.seconds)],
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{FEATURE_SET}-{digest[:16]}"
