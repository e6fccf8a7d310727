"""Decodes a file's window: a decoder decodes, soxr resamples; memory is bounded by the window."""

from __future__ import annotations

import math
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import soxr

from segue_core.contract import Reason, Stage, WindowPosition
from segue_core.features.layout import SAMPLE_RATE
from segue_core.store.records import Audio
from segue_jobs.extract.audio_decoders import FORMATS_EXTRA, decoders_for, has_ffmpeg
from segue_jobs.extract.audio_source import AudioSource, RejectedError, Samples
from segue_jobs.extract.audio_stream import AudioStream, Decoder, StreamError, mismatch, refuse
from segue_jobs.extract.mono_reader import MonoReader, gather
from segue_jobs.extract.placement import SOUNDING_SHARE, Block, Excerpt, middle, place

T = TypeVar("T")

RESAMPLER_QUALITY = "HQ"
MINIMUM_SAMPLE_RATE = 8000
SILENT_PEAK = 1e-4
"""-80 dB full scale: what remains of silence after dithering and lossy coding."""
_BLOCK_SAMPLES = 48 * SAMPLE_RATE
"""Samples per block: a decoder and an analysis that alternate often drive each other out of the caches."""
_LOUDEST = 1e6
"""120 dB above full scale: the squares of anything louder overflow a float."""
_FOR_ANOTHER_DECODER = frozenset(
    (Reason.UNSUPPORTED_FORMAT, Reason.DECODE_ERROR, Reason.DURATION_MISMATCH, Reason.EMPTY_FILE)
)
"""What one decoder says of a file that another may well decode."""


@dataclass(frozen=True)
class Window:
    """Which part of a track to analyse."""

    position: WindowPosition
    seconds: float
    minimum_seconds: float
    """Reject shorter tracks."""

    def frames(self, sample_rate: int) -> int | None:
        """Its length in frames; None for the whole track."""
        return None if self.position is WindowPosition.WHOLE else round(self.seconds * sample_rate)


class _ElsewhereError(RejectedError):
    """The window is silent or damaged; there may be music elsewhere in the track."""


class DecodedAudio:
    """An excerpt of an open stream; an `AudioSource`.

    Parameters
    ----------
    least_sounding
        Share of the excerpt that must sound.
    """

    def __init__(self, stream: AudioStream, excerpt: Excerpt, least_sounding: float) -> None:
        self._stream = stream
        self._excerpt = excerpt
        self._least_sounding = least_sounding
        self._decoded = 0

    @property
    def expected_seconds(self) -> float:
        """Length of the window according to the container."""
        return float(self._excerpt.frames / self._stream.sample_rate)

    def describe(self) -> Audio:
        """Describe what was decoded; call this after reading the blocks."""
        rate = self._stream.sample_rate
        return Audio(
            duration_seconds=round(self._stream.frames / rate, 3),
            sample_rate=rate,
            channels=self._stream.channels,
            codec=self._stream.codec,
            window_start_seconds=round(self._excerpt.start / rate, 3),
            window_seconds=round(self._decoded / rate, 3),
        )

    def samples(self) -> Samples:
        """All blocks in one array."""
        return np.concatenate([*(block.copy() for block in self.blocks()), np.empty(0, np.float32)])

    def blocks(self) -> Iterator[Samples]:
        """Mono blocks at the analysis rate; see `AudioSource`."""
        return gather(self._pieces(), _BLOCK_SAMPLES)

    def _pieces(self) -> Iterator[Samples]:
        rate, wanted = self._stream.sample_rate, self._excerpt.frames
        resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality=RESAMPLER_QUALITY)
        reader = MonoReader(self._stream, first_channel=self._excerpt.first_channel)
        damages, sounding = self._stream.damages, 0
        self._decoded = 0
        self._seek(self._excerpt.start)
        while self._decoded < wanted:
            mono = self._read(reader, wanted - self._decoded)
            if not len(mono):
                break
            self._decoded += len(mono)
            sounding += len(mono) if _peak(mono) >= SILENT_PEAK else 0
            yield mono if rate == SAMPLE_RATE else resampler.resample_chunk(mono)
        if rate != SAMPLE_RATE:
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
        if self._stream.damages > damages:
            raise _ElsewhereError(Stage.DECODE, Reason.DECODE_ERROR, _damaged(self._excerpt.start / rate))
        self._check_length()
        if not sounding or sounding < self._least_sounding * self._decoded:
            message = f"the analysed {self._decoded / rate:.1f} s are silent"
            raise _ElsewhereError(Stage.DECODE, Reason.SILENT, message)

    def _seek(self, frame: int) -> None:
        try:
            self._stream.seek(frame)
        except StreamError as error:
            raise self._mismatch(f"cannot be read at {frame / self._stream.sample_rate:.1f} s") from error

    def _read(self, reader: MonoReader, frames: int) -> Samples:
        try:
            return reader.read(frames)
        except StreamError as error:
            at = (self._excerpt.start + self._decoded) / self._stream.sample_rate
            raise refuse(Reason.DECODE_ERROR, f"decoding failed at {at:.1f} s: {error}") from error

    def _check_length(self) -> None:
        """Check that the window is nearly as long as claimed, and the file extends nearly to its claimed end."""
        rate, end = self._stream.sample_rate, self._excerpt.start + self._excerpt.frames
        tolerance = max(1.5 * rate, 0.05 * self._excerpt.frames)
        if self._excerpt.frames - self._decoded > tolerance:
            raise self._mismatch(f"ends at {(self._excerpt.start + self._decoded) / rate:.1f} s")
        probe = int(self._stream.frames - max(2 * rate, 0.05 * self._stream.frames))
        try:
            is_whole = probe <= end or self._stream.reaches(probe)
        except StreamError as error:
            raise self._mismatch(f"cannot be read at {probe / rate:.1f} s") from error
        if not is_whole:
            raise self._mismatch(f"ends before {probe / rate:.1f} s")

    def _mismatch(self, found: str) -> RejectedError:
        return mismatch(self._stream.frames / self._stream.sample_rate, found)


def _peak(mono: Samples) -> float:
    peak = max(float(mono.max()), -float(mono.min()))  # NaN survives both
    if math.isfinite(peak) and peak <= _LOUDEST:
        return peak
    message = "the samples contain NaN, infinite or absurdly large values"
    raise RejectedError(Stage.ANALYSE, Reason.NON_FINITE_FEATURE, message)


def _damaged(seconds: float) -> str:
    return f"the file is damaged after {seconds:.1f} s, and no undamaged part is long enough: replace it"


def check_file(path: Path, maximum_bytes: int) -> int:
    """Size in bytes of a file that can be analysed.

    Raises
    ------
    RejectedError
        It cannot be read, is empty or too large.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would block
            raise refuse(Reason.UNREADABLE, "this is not a regular file, but a device or a pipe")
        size = found.st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise refuse(Reason.UNREADABLE, f"cannot read the file: {error.strerror}") from error
    if size == 0:
        raise refuse(Reason.EMPTY_FILE, "the file is empty")
    if size > maximum_bytes:
        limit = maximum_bytes >> 20
        raise refuse(
            Reason.TOO_LARGE, f"the file has {size >> 20} MB, the limit is {limit} MB: raise it or split the file"
        )
    return size


def decode_window(
    path: Path, window: Window, maximum_seconds: float | None, analyse: Callable[[AudioSource], T]
) -> tuple[T, Audio]:
    """What ``analyse`` makes of a file's window, and what was decoded.

    If the first decoder refuses the file, the second decides.

    Raises
    ------
    RejectedError
        The file cannot be decoded or is too short, or its window is too long for the engine.
    """
    refusals: list[RejectedError] = []
    for decoder in decoders_for(path):
        try:
            return _decode_with(decoder, path, window, maximum_seconds, analyse)
        except RejectedError as refusal:
            refusals.append(refusal)
            if refusal.problem.reason not in _FOR_ANOTHER_DECODER:
                break
    raise _verdict(refusals)


def _verdict(refusals: list[RejectedError]) -> RejectedError:
    """The last decoder's refusal, unless it does not know the format and another does."""
    knowing = [refusal for refusal in refusals if refusal.problem.reason is not Reason.UNSUPPORTED_FORMAT]
    if knowing or has_ffmpeg():
        return (knowing or refusals)[-1]
    return refuse(Reason.UNSUPPORTED_FORMAT, f"{refusals[-1]}; {FORMATS_EXTRA}, which reads more formats, is missing")


def _decode_with(
    decoder: Decoder,
    path: Path,
    window: Window,
    maximum_seconds: float | None,
    analyse: Callable[[AudioSource], T],
) -> tuple[T, Audio]:
    with decoder(path) as stream:
        _check_container(stream, window)
        excerpt = middle(stream.frames, window.frames(stream.sample_rate))
        if maximum_seconds is not None and excerpt.frames / stream.sample_rate > maximum_seconds:
            raise refuse(
                Reason.TOO_LARGE,
                f"a window of {excerpt.frames / stream.sample_rate:.0f} s is too long for this engine, whose limit is "
                f"{maximum_seconds:.0f} s: choose the window position Middle",
            )
        source = DecodedAudio(stream, excerpt, SOUNDING_SHARE)
        try:
            return analyse(source), source.describe()
        except _ElsewhereError as unusable:
            source = DecodedAudio(stream, _elsewhere(stream, window, unusable), 0.0)
        return analyse(source), source.describe()


def _check_container(stream: AudioStream, window: Window) -> None:
    if stream.sample_rate < MINIMUM_SAMPLE_RATE:
        message = f"the sample rate is {stream.sample_rate} Hz; at least {MINIMUM_SAMPLE_RATE} Hz are needed"
        raise refuse(Reason.LOW_SAMPLE_RATE, message)
    if stream.frames <= 0:
        raise refuse(Reason.EMPTY_FILE, "the file contains no audio")
    seconds = stream.frames / stream.sample_rate
    if seconds < window.minimum_seconds:
        raise refuse(
            Reason.TOO_SHORT, f"the track has {seconds:.1f} s; at least {window.minimum_seconds:g} s are needed"
        )


def _elsewhere(stream: AudioStream, window: Window, unusable: _ElsewhereError) -> Excerpt:
    """Where the music is in a track whose middle is silent or damaged."""
    blocks = _survey(stream)
    least = min(stream.frames, round(window.minimum_seconds * stream.sample_rate))
    found = place(blocks, window.frames(stream.sample_rate), least)
    if found is not None:
        return found
    if any(block.any_sounds for block in blocks) or any(block.is_damaged for block in blocks):
        raise RejectedError(Stage.DECODE, Reason.DECODE_ERROR, str(unusable))
    raise refuse(Reason.SILENT, f"all {stream.frames / stream.sample_rate:.1f} s are silent")


def _survey(stream: AudioStream) -> list[Block]:
    """All of a track, in blocks of a second."""
    reader = MonoReader(stream)
    blocks: list[Block] = []
    try:
        stream.seek(0)
        while True:
            damages = stream.damages
            mono = reader.read(stream.sample_rate)
            is_damaged = stream.damages > damages
            if not len(mono):
                return blocks
            loudest = reader.loudest_channel()
            blocks.append(Block(len(mono), _peak(mono) >= SILENT_PEAK, loudest >= SILENT_PEAK, is_damaged))
    except StreamError as error:
        raise refuse(Reason.DECODE_ERROR, f"decoding failed: {error}") from error
