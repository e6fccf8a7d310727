"""The recipe: a name for everything that a vector depends on, apart from the audio.

Vectors with the same recipe can be compared; a model never mixes recipes. Settings that only decide whether a track is
rejected (minimum length, maximum file size) do not change vectors and are not part of the recipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version

from segue_core.contract import Family, WindowPosition
from segue_core.features.layout import FEATURE_SET, HOP_LENGTH, N_FFT, SAMPLE_RATE
from segue_core.features.recipes import join_recipe, optional_part
from segue_jobs.extract.audio_decoders import decoder_versions
from segue_jobs.extract.decode import RESAMPLER_QUALITY, Window
from segue_jobs.extract.engine import FeatureEngine
from segue_jobs.extract.placement import PLACEMENT
from segue_jobs.learned.network import Network


def recipe_of(engine: FeatureEngine, window: Window, network: Network | None = None) -> str:
    """The feature set and a hash of all parts, for example ``segue-1-0f3a…``; see `segue_core.features.recipes`.

    With a network, the recipe has a second part, for the learned features.
    """
    whole = window.position is WindowPosition.WHOLE
    audio = {
        "decoders": decoder_versions(),
        "placement": PLACEMENT,
        "resampler": ["soxr", version("soxr"), RESAMPLER_QUALITY],
        "sampleRate": SAMPLE_RATE,
        "window": [str(window.position)] if whole else [str(window.position), float(window.seconds)],
    }
    analysis = {
        "featureSet": FEATURE_SET,
        "engine": [engine.name, engine.version],
        "frame": [N_FFT, HOP_LENGTH],
        **audio,
    }
    parts = []
    if network is not None:
        parts.append(optional_part(Family.LEARNED, network.dimensions, _digest({**audio, **network.recipe()})))
    return join_recipe(f"{FEATURE_SET}-{_digest(analysis)}", parts)


def _digest(parts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
