"""Engines: implementations that compute the same statistics, chosen by `contract.Engine`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Protocol

import numpy as np

from segue_jobs.contract import Engine
from segue_jobs.extract.source import AudioSource, Samples
from segue_jobs.features.layout import SAMPLE_RATE
from segue_jobs.features.statistics import FrameStatistics


class FeatureEngine(Protocol):
    """From a track's audio to its statistics."""

    @property
    def name(self) -> str:
        """Name in the recipe."""

    @property
    def version(self) -> str:
        """Version in the recipe: a change means that vectors may differ."""

    @property
    def maximum_seconds(self) -> float | None:
        """Longest window whose memory is bounded; None for an engine that works on the stream."""

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
    """The engine, one a process; an engine's imports are made only where it is used."""
    return _ENGINES[kind]()


class _Tone:
    """A second and a half of a tone, for the first call that compiles and loads everything."""

    expected_seconds = 1.5

    def samples(self) -> Samples:
        time = np.arange(int(self.expected_seconds * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
        return np.sin(2 * np.pi * 440 * time, dtype=np.float32)

    def blocks(self) -> Iterator[Samples]:
        yield self.samples()


def warm_up(kind: Engine) -> None:
    """Let an engine load what it loads on its first track."""
    engine(kind).analyse(_Tone())
