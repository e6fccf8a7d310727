"""The port of the decoders: an open audio file that is read forwards, block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from segue_core.contract import Reason, Stage
from segue_jobs.extract.audio_source import RejectedError


class StreamError(Exception):
    """A decoder cannot go on; the message says why."""


class AudioStream(Protocol):
    """One audio file, open for reading; a context manager that closes it.

    Positions and lengths are in frames: one sample of each channel.
    """

    @property
    def sample_rate(self) -> int:
        """In Hz."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def frames(self) -> int:
        """Length, without what an encoder added at the beginning and the end."""

    @property
    def codec(self) -> str:
        """Container and codec, for people."""

    @property
    def has_16_bits(self) -> bool:
        """Whether reading 16-bit integers is cheaper than reading floats, and as exact."""

    @property
    def damages(self) -> int:
        """How many damaged places were met so far and passed over."""

    def seek(self, frame: int) -> None:
        """Continue at this frame.

        Raises
        ------
        StreamError
            The file cannot be read there.
        """

    def read_on(self, buffer: NDArray[np.generic]) -> int:
        """Fill the buffer, float32 or (see `has_16_bits`) int16 of (frames, channels); return how many frames came.

        Raises
        ------
        StreamError
            The file cannot be decoded further.
        """

    def reaches(self, frame: int) -> bool:
        """Whether there is audio at this frame; the position may be elsewhere afterwards.

        Raises
        ------
        StreamError
            The file cannot be read there.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Decoder(Protocol):
    """Opens files; `audio_decoders` has those that are installed."""

    def __call__(self, path: Path) -> AudioStream:
        """Open a file.

        Raises
        ------
        RejectedError
            The decoder does not know such files, or cannot tell how long this one is.
        """


def refuse(reason: Reason, message: str) -> RejectedError:
    """A rejection at the stage of decoding."""
    return RejectedError(Stage.DECODE, reason, message)


def mismatch(claimed_seconds: float, found: str) -> RejectedError:
    """The rejection of a file that is shorter than it says."""
    message = f"the file claims {claimed_seconds:.1f} s but {found}: it is damaged or incomplete; replace it"
    return refuse(Reason.DURATION_MISMATCH, message)
