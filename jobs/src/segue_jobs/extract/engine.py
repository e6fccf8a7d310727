"""Engines: implementations that compute the same statistics; `contract.Engine` names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Protocol

import numpy as np

from segue_core.contract import Engine
from segue_core.features.layout import SAMPLE_RATE
from segue_core.features.statistics import FrameStatistics
from segue_jobs.extract.audio_source import AudioSource, Samples


class FeatureEngine(Protocol):
    """Computes a track's statistics from its audio."""

    @property
    def name(self) -> str:
        """Name in the recipe."""

    @property
    def version(self) -> str:
        """Version in the recipe: if it changes, vectors may differ."""

    @property
    def maximum_seconds(self) -> float | None:
        """Longest window that the engine can analyse in bounded memory; None for no limit."""

    def analyse(self, source: AudioSource) -> FrameStatistics:
        """Statistics of the source, exactly as `FrameStatistics` defines them.

        Raises
        ------
        RejectedError
            The audio cannot be used.
        """


def _librosa() -> FeatureEngine:
    from segue_jobs.extract.librosa_engine import LibrosaEngine

    return LibrosaEngine()


def _native() -> FeatureEngine:
    from segue_jobs.extract.native_engine import NativeEngine

    return NativeEngine()


_ENGINES: Mapping[Engine, Callable[[], FeatureEngine]] = {Engine.LIBROSA: _librosa, Engine.NATIVE: _native}


@cache
def engine(kind: Engine) -> FeatureEngine:
    """The engine, one per process; an engine's imports happen only when it is used."""
    return _ENGINES[kind]()


class _Tone:
    """A tone of one and a half seconds, for the first call, which compiles and loads everything."""

    expected_seconds = 1.5

    def samples(self) -> Samples:
        time = np.arange(int(self.expected_seconds * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
        return np.sin(2 * np.pi * 440 * time, dtype=np.float32)

    def blocks(self) -> Iterator[Samples]:
        yield self.samples()


def warm_up(kind: Engine) -> None:
    """Make an engine load whatever it loads for its first track."""
    engine(kind).analyse(_Tone())
