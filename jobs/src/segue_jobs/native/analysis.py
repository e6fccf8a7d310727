"""The native engine: one pass over a track's samples in cache-sized blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from segue_core.features.layout import SAMPLE_RATE
from segue_core.features.statistics import FrameStatistics
from segue_jobs.native import rhythm
from segue_jobs.native.filter_banks import Double, Single
from segue_jobs.native.framing import FrameStream, Hops
from segue_jobs.native.harmony import Harmony, PitchClasses, TuningMissedError
from segue_jobs.native.series import FrameSeries
from segue_jobs.native.spectra import Transform
from segue_jobs.native.track_statistics import contrast_moments, shape_moments, summarise_level, summarise_mel

Samples = Callable[[], Iterable[Single]]
"""Yields a track's samples from the start, in pieces: mono float32 at `SAMPLE_RATE`; called again for a second pass."""


_BUFFER_ELEMENTS = 1024
"""With its default buffer of 8192 elements, numpy would copy arrays with shorter rows just to get longer ones."""
_GREATEST_SAMPLE = 1e12
"""Powers of anything larger could overflow float32."""


class NoSamplesError(ValueError):
    """There is nothing to analyse."""


class NotFiniteError(ValueError):
    """Samples are NaN, infinite, or so large that their powers would be."""


class Analyser:
    """Computes `FrameStatistics` from streams of samples; reuses its buffers from track to track."""

    def __init__(self) -> None:
        self._transform = Transform()
        self._kept_powers = Harmony.workspace()

    def __call__(self, samples: Samples) -> FrameStatistics:
        """Statistics of one track.

        Memory grows by 0.7 kB per frame (1.7 MB per minute). A second pass is needed only for a track longer than half
        a minute whose tuning turns out to be none of those that its beginning suggested.

        Raises
        ------
        NoSamplesError
            There are no samples.
        NotFiniteError
            Some samples are not finite.
        """
        with np.errstate():  # restores the buffer size at the end
            np.setbufsize(_BUFFER_ELEMENTS)
            return self._analyse(samples)

    def _analyse(self, samples: Samples) -> FrameStatistics:
        stream, series, harmony = FrameStream(), FrameSeries(), Harmony(self._kept_powers)
        for frames in _blocks(stream, samples()):
            spectra = self._transform(frames, harmony.room())
            series.append(spectra)
            harmony.update(spectra)
        hops = stream.hops()
        try:
            chroma, radius_mean, radius_std = harmony.finish()
        except TuningMissedError as missed:
            chroma, radius_mean, radius_std = self._harmony_again(samples(), missed.tuning)
        return _statistics(stream.samples / SAMPLE_RATE, hops, series, (chroma, radius_mean, radius_std))

    def _harmony_again(self, samples: Iterable[Single], tuning: float) -> tuple[Double, Double, Double]:
        classes = PitchClasses([tuning])
        for frames in _blocks(FrameStream(), samples):
            classes.update([self._transform(frames).power])
        return classes.of(tuning)


def _blocks(stream: FrameStream, samples: Iterable[Single]) -> Iterator[Single]:
    for piece in samples:
        if len(piece) and not max(piece.max(), -piece.min()) < _GREATEST_SAMPLE:  # NaN compares false
            raise NotFiniteError("the samples are not finite, or absurdly large")
        yield from stream.push(piece)
    if not stream.samples:
        raise NoSamplesError("there are no samples")
    yield from stream.finish()


def _statistics(
    seconds: float, hops: Hops, series: FrameSeries, harmony: tuple[Double, Double, Double]
) -> FrameStatistics:
    rms, crossings = hops.rms(), hops.zero_crossing_rate()
    level = summarise_level(rms)
    mel = summarise_mel(series.mel_db(), len(rms))
    contrast = contrast_moments(series.contrast())
    shape = shape_moments(series.shapes())
    envelope = mel.onset_envelope
    lag = rhythm.tempo_lag(envelope)
    centroid, bandwidth, rolloff, flatness = zip(shape.mean.tolist(), shape.std.tolist(), strict=True)
    return FrameStatistics(
        seconds=seconds,
        mfcc_mean=mel.mfcc_mean,
        mfcc_std=mel.mfcc_std,
        delta_mfcc_std=mel.delta_std,
        mel_db_mean=mel.mel_mean,
        mel_db_std=mel.mel_std,
        contrast_mean=contrast.mean,
        contrast_std=contrast.std,
        centroid_mean=centroid[0],
        centroid_std=centroid[1],
        bandwidth_mean=bandwidth[0],
        bandwidth_std=bandwidth[1],
        rolloff_mean=rolloff[0],
        rolloff_std=rolloff[1],
        flatness_mean=flatness[0],
        flatness_std=flatness[1],
        zcr_mean=float(crossings.mean(dtype=np.float64)),
        zcr_std=float(crossings.std(dtype=np.float64)),
        rms_db_mean=level.mean,
        rms_db_std=level.std,
        rms_db_low=level.low,
        rms_db_high=level.high,
        chroma_mean=harmony[0],
        tonnetz_radius_mean=harmony[1],
        tonnetz_radius_std=harmony[2],
        onset_mean=float(envelope.mean(dtype=np.float64)),
        onset_std=float(envelope.std(dtype=np.float64)),
        onset_rate=rhythm.count_onsets(envelope) / seconds,
        tempo_bpm=rhythm.lag_to_bpm(lag),
        beat_strength=rhythm.beat_strength(envelope, lag),
    )
