"""A file to the samples of its window: libsndfile decodes, soxr resamples, memory stays that of the window."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from segue_jobs.contract import Reason, Stage, WindowPosition
from segue_jobs.extract.mpeg import looks_whole
from segue_jobs.extract.payload import untagged_range
from segue_jobs.extract.reader import MonoReader, SequentialFile, gather
from segue_jobs.extract.source import RejectedError, Samples
from segue_jobs.features.layout import SAMPLE_RATE
from segue_jobs.records import Audio

RESAMPLER_QUALITY = "HQ"
MINIMUM_SAMPLE_RATE = 8000
SILENT_PEAK = 1e-4
"""-80 dB below full scale: what is left of silence after dithering and lossy coding."""
_NO_AUDIO_FOUND = 7
_UNSUPPORTED = (1, 4, _NO_AUDIO_FOUND, 18, 26)
"""libsndfile's codes for a format or encoding that is not known or not implemented. Its code 7, "no regular file", is
what an MP3 without a single frame gets."""
_BLOCK_SAMPLES = 48 * SAMPLE_RATE
"""Samples handed on at once: a decoder and an analysis that take turns drive each other out of the caches."""
_MPEG_LAYER_III = "MPEG_LAYER_III"
_LOUDEST = 1e6
"""120 dB above full scale: squares of anything louder leave the range of a float."""


@dataclass(frozen=True)
class Window:
    """Which part of a track is analysed."""

    position: WindowPosition
    seconds: float
    minimum_seconds: float
    """Shorter tracks are rejected."""


def _reject(reason: Reason, message: str) -> RejectedError:
    return RejectedError(Stage.DECODE, reason, message)


class DecodedAudio:
    """The window of an open file; an `AudioSource`."""

    def __init__(self, file: SequentialFile, start: int, frames: int) -> None:
        self._file = file
        self._start = start
        self._frames = frames
        self._decoded = 0

    @property
    def expected_seconds(self) -> float:
        """Length of the window as the container claims it."""
        return float(self._frames / self._file.samplerate)

    def describe(self) -> Audio:
        """What was decoded; call it after the blocks were read."""
        rate = self._file.samplerate
        return Audio(
            duration_seconds=round(self._file.frames / rate, 3),
            sample_rate=rate,
            channels=self._file.channels,
            codec=f"{self._file.format}/{self._file.subtype}",
            window_start_seconds=round(self._start / rate, 3),
            window_seconds=round(self._decoded / rate, 3),
        )

    def samples(self) -> Samples:
        """All blocks in one array."""
        return np.concatenate([*(block.copy() for block in self.blocks()), np.empty(0, np.float32)])

    def blocks(self) -> Iterator[Samples]:
        """Mono blocks at the rate of analysis; see `AudioSource`."""
        return gather(self._pieces(), _BLOCK_SAMPLES)

    def _pieces(self) -> Iterator[Samples]:
        rate = self._file.samplerate
        resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality=RESAMPLER_QUALITY)
        reader = MonoReader(self._file)
        peak = 0.0
        self._decoded = 0
        self._seek(self._start)
        while self._decoded < self._frames:
            mono = self._read(reader, self._frames - self._decoded)
            if not len(mono):
                break
            self._decoded += len(mono)
            peak = max(peak, _peak(mono))
            yield mono if rate == SAMPLE_RATE else resampler.resample_chunk(mono)
        if rate != SAMPLE_RATE:
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
        self._check_length()
        if peak < SILENT_PEAK:
            raise _reject(Reason.SILENT, f"the analysed {self._decoded / rate:.1f} s are silent")

    def _seek(self, frame: int) -> None:
        if frame == self._file.tell():
            return  # a seek costs an mp3 decoder a fresh start
        try:
            self._file.seek(frame)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise self._mismatch(f"cannot be read at {frame / self._file.samplerate:.1f} s") from error

    def _read(self, reader: MonoReader, frames: int) -> Samples:
        try:
            return reader.read(frames)
        except (soundfile.SoundFileError, RuntimeError) as error:
            at = (self._start + self._decoded) / self._file.samplerate
            raise _reject(Reason.DECODE_ERROR, f"decoding fails at {at:.1f} s: {_detail(error)}") from error

    def _check_length(self) -> None:
        """The window must be nearly as long as claimed, and the file must go on nearly to its claimed end."""
        rate = self._file.samplerate
        tolerance = max(1.5 * rate, 0.05 * self._frames)
        if self._frames - self._decoded > tolerance:
            raise self._mismatch(f"ends at {(self._start + self._decoded) / rate:.1f} s")
        probe = int(self._file.frames - max(2 * rate, 0.05 * self._file.frames))
        if probe > self._start + self._frames and not self._is_whole_mpeg():
            self._seek(probe)
            if not len(self._read(MonoReader(self._file), 256)):
                raise self._mismatch(f"ends before {probe / rate:.1f} s")

    def _is_whole_mpeg(self) -> bool:
        path = Path(os.fsdecode(self._file.name))
        return self._file.subtype == _MPEG_LAYER_III and looks_whole(path, *untagged_range(path))

    def _mismatch(self, found: str) -> RejectedError:
        claimed = self._file.frames / self._file.samplerate
        message = f"the file claims {claimed:.1f} s but {found}: it is damaged or incomplete, replace it"
        return _reject(Reason.DURATION_MISMATCH, message)


def _peak(mono: Samples) -> float:
    peak = max(float(mono.max()), -float(mono.min()))  # NaN wins in both
    if math.isfinite(peak) and peak <= _LOUDEST:
        return peak
    message = "the samples hold NaN, infinite or absurdly large values"
    raise RejectedError(Stage.ANALYSE, Reason.NON_FINITE_FEATURE, message)


def check_file(path: Path, maximum_bytes: int) -> int:
    """Size of a file that may be opened, in bytes.

    Raises
    ------
    RejectedError
        It cannot be read, is empty or too large.
    """
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise _reject(Reason.UNREADABLE, f"the file cannot be read: {error.strerror}") from error
    if size == 0:
        raise _reject(Reason.EMPTY_FILE, "the file has no bytes")
    if size > maximum_bytes:
        limit = maximum_bytes >> 20
        raise _reject(
            Reason.TOO_LARGE, f"the file has {size >> 20} MB, the limit is {limit}: raise the limit or split it"
        )
    return size


@contextmanager
def open_audio(path: Path, window: Window, maximum_seconds: float | None) -> Iterator[DecodedAudio]:
    """Open a file at its window.

    Raises
    ------
    RejectedError
        It is no audio that can be decoded, too short, or its window too long for the engine.
    """
    try:
        file = SequentialFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        reason = Reason.UNSUPPORTED_FORMAT if error.code in _UNSUPPORTED else Reason.DECODE_ERROR
        raise _reject(reason, f"this is no audio that can be decoded: {_detail(error)}") from error
    with file:
        _check_container(file, window)
        start, frames = _place(file, window)
        if maximum_seconds is not None and frames / file.samplerate > maximum_seconds:
            raise _reject(
                Reason.TOO_LARGE,
                f"a window of {frames / file.samplerate:.0f} s is too long for this engine, which takes "
                f"{maximum_seconds:.0f} s: choose the window's position Middle",
            )
        yield DecodedAudio(file, start, frames)


def _check_container(file: soundfile.SoundFile, window: Window) -> None:
    if file.samplerate < MINIMUM_SAMPLE_RATE:
        message = f"{file.samplerate} samples a second; at least {MINIMUM_SAMPLE_RATE} are needed"
        raise _reject(Reason.LOW_SAMPLE_RATE, message)
    if file.frames <= 0:
        raise _reject(Reason.EMPTY_FILE, "the file holds no audio")
    seconds = file.frames / file.samplerate
    if seconds < window.minimum_seconds:
        raise _reject(Reason.TOO_SHORT, f"{seconds:.1f} s; at least {window.minimum_seconds:g} s are needed")


def _place(file: soundfile.SoundFile, window: Window) -> tuple[int, int]:
    """First frame and number of frames of the window."""
    wanted = round(window.seconds * file.samplerate)
    if window.position is WindowPosition.WHOLE or wanted >= file.frames:
        return 0, file.frames
    return (file.frames - wanted) // 2, wanted


def _detail(error: Exception) -> str:
    """What libsndfile says, without the path, which it shows as bytes."""
    if getattr(error, "code", None) == _NO_AUDIO_FOUND:
        return "no audio frame in it"
    return str(getattr(error, "error_string", error)).strip()[:300]
