"""Chroma and tonnetz, in bounded memory, although they need the tuning, which is known only at the end of a track."""

from __future__ import annotations

import numpy as np

from segue_jobs.native.filter_banks import BINS, Double, Single, chroma_filters, tonnetz_transform
from segue_jobs.native.framing import BLOCK_FRAMES
from segue_jobs.native.moments import Moments
from segue_jobs.native.spectra import Spectra
from segue_jobs.native.tuning import TuningEstimate

KEPT_BLOCKS = 7
"""Number of blocks whose powers are kept until the tuning is known: 35 s."""
CANDIDATES = 16
"""Number of tunings that a longer track is analysed with in parallel."""
_TINY = np.finfo(np.float32).tiny


class TuningMissedError(Exception):
    """The tuning of a long track was not among the candidates of its first 35 s: the chroma needs another pass."""

    def __init__(self, tuning: float) -> None:
        super().__init__(f"the track is tuned {tuning:+.2f} semitones off A440, which was not among the candidates")
        self.tuning = tuning


class PitchClasses:
    """Chroma and tonnetz statistics of a track for one or several tunings."""

    def __init__(self, tunings: list[float]) -> None:
        self._tunings = tunings
        self._filters = np.concatenate([chroma_filters(round(tuning, 2)) for tuning in tunings])
        self._chroma = Moments(12 * len(tunings))
        self._radius = Moments(3 * len(tunings))

    @property
    def tunings(self) -> list[float]:
        """The tunings, in semitones."""
        return self._tunings

    def update(self, powers: list[Single]) -> None:
        """Add blocks of power spectra, each (bins, frames)."""
        count = len(self._tunings)
        chroma = np.concatenate([self._filters @ power for power in powers], axis=1).reshape(count, 12, -1)
        chroma /= _safe(chroma.max(axis=1, keepdims=True))
        self._chroma.update(chroma.reshape(count * 12, -1))
        chroma /= _safe(chroma.sum(axis=1, keepdims=True))
        pairs = np.matmul(tonnetz_transform(), chroma)
        pairs *= pairs
        radius = np.sqrt(pairs[:, 0::2] + pairs[:, 1::2])
        self._radius.update(radius.reshape(count * 3, -1))

    def of(self, tuning: float) -> tuple[Double, Double, Double]:
        """Mean chroma (12,), mean and deviation of the tonnetz radii (3,) for one of the tunings."""
        index = self._tunings.index(tuning)
        chroma, radii = slice(12 * index, 12 * index + 12), slice(3 * index, 3 * index + 3)
        return self._chroma.mean[chroma], self._radius.mean[radii], self._radius.std[radii]


class Harmony:
    """The harmony of a track whose spectra arrive block by block.

    The powers of the first `KEPT_BLOCKS` blocks are kept. A longer track continues with the `CANDIDATES` most likely
    tunings in parallel and keeps nothing more; if it turns out to have another tuning, `finish` raises
    `TuningMissedError`.
    """

    def __init__(self, kept: Single) -> None:
        self._estimate = TuningEstimate()
        self._kept = kept
        self._blocks: list[Single] = []
        self._classes: PitchClasses | None = None

    @staticmethod
    def workspace() -> Single:
        """Memory for the powers that are kept; it can be reused from track to track."""
        return np.empty((KEPT_BLOCKS, BINS * BLOCK_FRAMES), np.float32)

    def room(self) -> Single | None:
        """Where to write the powers of the next block; None if they are no longer kept."""
        return self._kept[len(self._blocks)] if len(self._blocks) < KEPT_BLOCKS and self._classes is None else None

    def update(self, spectra: Spectra) -> None:
        """Add a block; its powers are in `room()` if there was any."""
        if self.room() is None and self._classes is None:
            self._classes = self._replay(self._estimate.candidates(CANDIDATES))
        self._estimate.update(spectra)
        if self._classes is None:
            self._blocks.append(spectra.power)
        else:
            self._classes.update([spectra.power])

    def _replay(self, tunings: list[float]) -> PitchClasses:
        classes = PitchClasses(tunings)
        classes.update(self._blocks)
        self._blocks.clear()
        return classes

    def finish(self) -> tuple[Double, Double, Double]:
        """Mean chroma (12,), mean and deviation of the tonnetz radii (3,).

        Raises
        ------
        TuningMissedError
            The track is long and its tuning was not among the candidates.
        """
        tuning = self._estimate.result()
        if self._classes is None:
            return self._replay([tuning]).of(tuning)
        if tuning not in self._classes.tunings:
            raise TuningMissedError(tuning)
        return self._classes.of(tuning)


def _safe(divisor: Single) -> Single:
    divisor[divisor < _TINY] = 1
    return divisor
