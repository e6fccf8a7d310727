"""What an engine is given: the analysed window of one track, decoded, mono, at the rate of analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segue_jobs.contract import Reason, Stage
from segue_jobs.listing.model import Problem

Samples = NDArray[np.float32]


class RejectedError(Exception):
    """A track cannot be analysed; carries why."""

    def __init__(self, stage: Stage, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(stage, reason, message)


class AudioSource(Protocol):
    """One track's window; every call of `blocks` or `samples` decodes it from its start."""

    @property
    def expected_seconds(self) -> float:
        """Length of the window as the container claims it; what is decoded may be a little shorter."""

    def blocks(self) -> Iterator[Samples]:
        """Mono blocks of any length at `layout.SAMPLE_RATE`, in order; each is valid until the next is asked for.

        Raises
        ------
        RejectedError
            The audio turns out to be unusable; this may come after the last block (silence).
        """

    def samples(self) -> Samples:
        """All blocks in one array.

        Raises
        ------
        RejectedError
            As for `blocks`.
        """
