"""The input of an engine: the window of one track, decoded, mono, at the analysis rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segue_core.contract import Reason, Stage
from segue_jobs.listing.listed_tracks import Problem

Samples = NDArray[np.float32]


class RejectedError(Exception):
    """A track cannot be analysed; ``problem`` says why."""

    def __init__(self, stage: Stage, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(stage, reason, message)


class AudioSource(Protocol):
    """One track's window; each call of `blocks` or `samples` decodes it from the start."""

    @property
    def expected_seconds(self) -> float:
        """Length of the window according to the container; the decoded audio may be slightly shorter."""

    def blocks(self) -> Iterator[Samples]:
        """Mono blocks of any length at `layout.SAMPLE_RATE`, in order; each is valid until the next is requested.

        Raises
        ------
        RejectedError
            The audio is unusable; for silence, this is raised after the last block.
        """

    def samples(self) -> Samples:
        """All blocks in one array.

        Raises
        ------
        RejectedError
            As for `blocks`.
        """
