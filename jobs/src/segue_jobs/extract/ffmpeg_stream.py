"""The second decoder: ffmpeg's libraries through PyAV, for what libsndfile does not read."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream as AudioTrack
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from segue_core.contract import Reason
from segue_core.contract.wording import shorten
from segue_jobs.extract.audio_source import RejectedError, Samples
from segue_jobs.extract.audio_stream import StreamError, mismatch, refuse
from segue_jobs.extract.ffmpeg_file import open_container
from segue_jobs.extract.ffmpeg_timeline import Timeline
from segue_jobs.extract.monkeys_audio import is_whole
from segue_jobs.extract.mpeg import looks_whole
from segue_jobs.extract.payload import untagged_range

_GUESSES_LENGTH = frozenset(("aac", "ac3", "amr", "dts", "eac3", "mp3", "mpeg", "ogg", "rm"))
"""Containers without a length: ffmpeg estimates it from the bit rate, or takes that of a chained file's last part."""
_WHOLENESS = {"ape": is_whole, "mp3": looks_whole}
"""Containers whose timestamps do not tell that the end is missing, and what does."""
_SEEKS_WELL = frozenset(("asf", "flac", "matroska", "mov", "ogg/opus", "wav"))
"""Containers, or containers with a codec, in which a seek arrives where it should; others are read from the start."""
_PREROLL_SECONDS = 0.5
"""Decoded before the wanted frame and dropped: codecs remember what came before."""
_GAP_SECONDS = 0.1
"""Between two frames; timestamps are imprecise by less."""
_PADDING_SECONDS = 0.2
"""An encoder pads the end by less."""
_UNITS = {"u8": 1 / 128, "s16": 1 / 32768, "s32": 1 / 2**31, "s64": 1 / 2**63, "flt": 1.0, "dbl": 1.0}
_TOO_MANY_PLANES = 8
"""PyAV looks for a null pointer after a frame's planes, which a frame of eight planes and more does not have."""
_NOTHING = np.empty((0, 1), np.float32)


class FfmpegStream:
    """The first audio track of a file; an `AudioStream`."""

    has_16_bits = False

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._open()
            context = self._stream.codec_context
            self._unit = float(self._stream.time_base or 1 / context.sample_rate)
            self.sample_rate = int(context.sample_rate)
            self.channels = int(context.channels)
            self.codec = f"{_name(self._container)}/{context.name}"
            self.damages = 0
            self.frames = self._measure(path)
        except av.FFmpegError as error:
            self._file.close()
            raise _refusal(error) from error
        except BaseException:
            self._file.close()
            raise
        self._position = 0
        self._pieces = self._decode_from(0)
        self._piece = _NOTHING

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pieces.close()
        self._container.close()
        self._file.close()

    def _open(self) -> None:
        self._file.seek(0)
        self._container = open_container(self._file)
        self._stream = _audio_of(self._container)
        self._codec = _codec_of(self._stream)
        self._codec.thread_count = 1
        self._packer = av.AudioResampler(format="flt")

    def seek(self, frame: int) -> None:
        """Continue at this frame; what was decoded already is decoded again."""
        if frame == self._position:
            return
        self._pieces.close()
        self._position, self._piece = frame, _NOTHING
        self._pieces = self._decode_from(frame)

    def read_on(self, buffer: NDArray[np.generic]) -> int:
        """Fill the buffer with float32; return how many frames came."""
        filled = 0
        while filled < len(buffer) and self._position < self.frames:
            if not len(self._piece):
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._piece = piece
            count = min(len(buffer) - filled, len(self._piece), self.frames - self._position)
            buffer[filled : filled + count] = self._piece[:count]
            self._piece = self._piece[count:]
            filled += count
            self._position += count
        return filled

    def reaches(self, frame: int) -> bool:
        """Whether there is audio at this frame: all packets were counted."""
        return frame < self.frames

    def _measure(self, path: Path) -> int:
        """Length in frames, from the timestamps of all packets.

        Raises
        ------
        RejectedError
            The file is shorter than it says.
        """
        timeline, first, last = Timeline(1 / self._unit), 0, 0
        for number, packet in enumerate(self._packets()):
            at = timeline.place(packet.pts, packet.duration or 0)
            first = first if number else at
            last = packet.duration or (at - last if number else 0)
        self._is_continuous = timeline.is_continuous
        start = self._stream.start_time
        self._first = first if start is None else start
        measured = ((timeline.end or 0) - self._first) * self._unit
        claimed = self._claimed_seconds()
        if claimed - measured > max(2.0, 0.05 * claimed) and _name(self._container) not in _GUESSES_LENGTH:
            raise mismatch(claimed, f"ends at {measured:.1f} s")
        check = _WHOLENESS.get(_name(self._container))
        if check is not None and not check(path, *untagged_range(path)):
            raise refuse(
                Reason.DURATION_MISMATCH, "the file has fewer bytes than it claims: it is incomplete; replace it"
            )
        is_padded = 0 < measured - claimed < _PADDING_SECONDS
        return max(0, round((claimed if is_padded else measured) * self.sample_rate))

    def _claimed_seconds(self) -> float:
        if self._stream.duration is not None:
            return self._stream.duration * self._unit
        return (self._container.duration or 0) / av.time_base

    def _packets(self) -> Iterator[Packet[AudioTrack]]:
        """All packets from here on; where the file cannot be split into packets any more, it ends."""
        try:
            for packet in self._container.demux(self._stream):
                if packet.size and not packet.is_discard:
                    yield packet
        except (MemoryError, OSError):
            raise
        except av.FFmpegError:
            self.damages += 1

    def _decode_from(self, frame: int) -> Generator[Samples, None, None]:
        """Pieces of (frames, channels) from this frame on; what is missing is silence, and counts as damage."""
        damages, begun, expected = self.damages, False, 0
        for at, decoded in self._frames(frame):
            samples = decoded
            if begun and at - expected > _GAP_SECONDS * self.sample_rate:
                yield from self._silence(at - expected)
            expected = at + len(samples)
            if not begun:
                samples = samples[max(0, frame - at) :]
                begun = len(samples) > 0
                self.damages = damages  # what was damaged before does not matter
            if len(samples):
                yield samples

    def _silence(self, frames: int) -> Iterator[Samples]:
        while frames > 0:
            self.damages += 1
            piece = np.zeros((min(frames, self.sample_rate), self.channels), np.float32)
            frames -= len(piece)
            yield piece

    def _frames(self, wanted: int) -> Iterator[tuple[int, Samples]]:
        """Decoded frames that begin a little before the wanted one, and where each begins."""
        timeline = Timeline(1 / self._unit)
        least = wanted - _PREROLL_SECONDS * self.sample_rate
        self._rewind(max(0, round(least)))
        for packet in self._packets():
            at = self._frame_at(timeline.place(packet.pts, packet.duration or 0))
            if at + self._length(packet.duration) < least:
                continue
            for decoded in self._decode(packet):
                if decoded.pts is not None:  # in the unit of its packet
                    at = self._frame_at(decoded.pts + timeline.offset)
                samples = self._samples(decoded)
                if at < 0:  # the beginning that an encoder added may be gone, and the timestamp not know it
                    at += max(0, round(self._length(packet.duration)) - len(samples))
                yield at, samples
                at += len(samples)
        for decoded in self._decode(None):
            yield wanted, self._samples(decoded)

    def _rewind(self, frame: int) -> None:
        """Go back to the beginning, or not as far if that is safe; the codec starts anew, whatever it met before."""
        self._container.close()
        self._open()
        seconds = frame / self.sample_rate - _PREROLL_SECONDS
        seeks_well = not _SEEKS_WELL.isdisjoint((_name(self._container), self.codec))
        if seconds > 0 and self._is_continuous and seeks_well:
            self._container.seek(round(self._first + seconds / self._unit), stream=self._stream)

    def _frame_at(self, ticks: int) -> int:
        return round((ticks - self._first) * self._unit * self.sample_rate)

    def _length(self, ticks: int | None) -> float:
        return (ticks or 0) * self._unit * self.sample_rate

    def _decode(self, packet: Packet[AudioTrack] | None) -> list[AudioFrame]:
        try:
            return self._codec.decode(packet)
        except (MemoryError, OSError):
            raise
        except av.FFmpegError:
            self.damages += packet is not None
            return []

    def _samples(self, decoded: AudioFrame) -> Samples:
        """A frame as (frames, channels), from -1 to 1."""
        if decoded.sample_rate != self.sample_rate:
            self.damages += 1
            return _NOTHING
        kind, planar = decoded.format.name.removesuffix("p"), decoded.format.is_planar
        if kind not in _UNITS:
            raise StreamError(f"samples of the kind {decoded.format.name} are unknown")
        channels = decoded.layout.nb_channels
        if planar and channels >= _TOO_MANY_PLANES:
            if channels != self.channels:
                self.damages += 1
                return _NOTHING
            (decoded,), kind, planar = self._packer.resample(decoded), "flt", False
        array = decoded.to_ndarray()
        table: Samples = (array.T if planar else array.reshape(-1, channels)).astype(np.float32, copy=False)
        if array.dtype != np.float32:  # then this is a copy
            table -= 128 if kind == "u8" else 0
            table *= np.float32(_UNITS[kind])
        if channels != self.channels:
            table = np.repeat(table.mean(axis=1, keepdims=True), self.channels, axis=1)
        return table


def _audio_of(container: InputContainer) -> AudioTrack:
    if not container.streams.audio:
        raise refuse(Reason.UNSUPPORTED_FORMAT, "cannot decode this as audio: there is no audio in it")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or not context.sample_rate or not context.channels:
        message = "cannot decode this as audio: its codec is unknown, or it is protected against copying"
        raise refuse(Reason.UNSUPPORTED_FORMAT, message)
    return stream


def _codec_of(stream: AudioTrack) -> AudioCodecContext:
    """The codec that decodes a stream: for Opus the very library that libsndfile has, so that numbers agree."""
    context = stream.codec_context
    if context.name != "opus":
        return context
    codec = av.CodecContext.create("libopus", "r")
    codec.extradata = context.extradata
    codec.sample_rate, codec.layout = context.sample_rate, context.layout.name
    codec.options = {"request_sample_fmt": "flt"}
    return codec


def _name(container: InputContainer) -> str:
    return container.format.name.partition(",")[0]


def _refusal(error: av.FFmpegError) -> RejectedError:
    if isinstance(error, av.InvalidDataError | av.ArgumentError | av.EOFError):
        detail = "it is in no format that Segue knows, or damaged at its beginning"
    else:
        detail = shorten(str(error.strerror), 300)
    return refuse(Reason.UNSUPPORTED_FORMAT, f"cannot decode this as audio: {detail}")
