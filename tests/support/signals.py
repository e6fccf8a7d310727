"""Synthetic signals at the rate of analysis, and an audio source of samples that are at hand."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue_core.features.layout import SAMPLE_RATE

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class GivenSamples:
    """An `AudioSource` of known samples, handed out in blocks of one length."""

    given: Samples
    block: int = 1 << 15

    @property
    def expected_seconds(self) -> float:
        return len(self.given) / SAMPLE_RATE

    def samples(self) -> Samples:
        return self.given

    def blocks(self) -> Iterator[Samples]:
        for start in range(0, len(self.given), self.block):
            yield self.given[start : start + self.block]


def _time(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def sine(seconds: float, hertz: float = 440.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hertz * _time(seconds))).astype(np.float32)


def sweep(seconds: float) -> Samples:
    """From 50 Hz to 10 kHz, logarithmic."""
    growth = np.log(10_000 / 50) / seconds
    return (0.5 * np.sin(2 * np.pi * 50 * np.expm1(growth * _time(seconds)) / growth)).astype(np.float32)


def clicks(seconds: float, a_minute: float = 120.0) -> Samples:
    samples = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    samples[:: int(60 / a_minute * SAMPLE_RATE)] = 1
    return samples


def noise(seconds: float, seed: int = 1) -> Samples:
    generator = np.random.default_rng(seed)
    return (0.2 * generator.standard_normal(int(seconds * SAMPLE_RATE))).astype(np.float32)


def direct_current(seconds: float) -> Samples:
    return np.full(int(seconds * SAMPLE_RATE), 0.25, np.float32)


def clipped(seconds: float) -> Samples:
    return np.clip(8 * sweep(seconds) + noise(seconds), -1, 1).astype(np.float32)


def music(seconds: float, seed: int = 1) -> Samples:
    """Decaying chords on a beat with a little noise: all features have something to measure."""
    generator = np.random.default_rng(seed)
    time, mixed = _time(seconds), np.zeros(int(seconds * SAMPLE_RATE))
    step = int(SAMPLE_RATE * 0.5)
    for start in range(0, len(mixed), step):
        here = time[: min(step, len(mixed) - start)]
        for pitch in generator.choice(np.array([0, 2, 4, 5, 7, 9, 11, 12]), 3, replace=False):
            hertz = 261.6 * 2 ** ((pitch + 0.17) / 12)
            for partial in range(1, 6):
                mixed[start : start + len(here)] += (
                    np.sin(2 * np.pi * hertz * partial * here) * np.exp(-4 * here) / partial
                )
    return (0.15 * mixed + 0.01 * generator.standard_normal(len(mixed))).astype(np.float32)


def with_silence(seconds: float) -> Samples:
    samples = music(seconds)
    samples[: len(samples) // 3] = 0
    return samples


def synthetic(seconds: float) -> dict[str, Samples]:
    """One of each kind."""
    return {
        "silence": np.zeros(int(seconds * SAMPLE_RATE), np.float32),
        "sine": sine(seconds),
        "sweep": sweep(seconds),
        "clicks": clicks(seconds),
        "noise": noise(seconds),
        "direct current": direct_current(seconds),
        "clipped": clipped(seconds),
        "music": music(seconds),
        "music after silence": with_silence(seconds),
        "faint music": (music(seconds) * np.float32(1e-4)).astype(np.float32),
    }
