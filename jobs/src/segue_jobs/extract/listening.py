"""Lets an ear listen to a few patches of a track, while an engine analyses the whole window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segue_core.contract import Engine, Reason, Stage
from segue_jobs.extract.audio_source import AudioSource, RejectedError, Samples
from segue_jobs.extract.engine import warm_up
from segue_jobs.learned.ear import EarFile
from segue_jobs.learned.front_end import patch_places
from segue_jobs.learned.network import Heard, NotFiniteError, open_network


class Overheard:
    """An `AudioSource` that keeps the patches of what passes through it, and nothing else."""

    def __init__(self, source: AudioSource, file: EarFile) -> None:
        self._source = source
        self._file = file
        self._places = patch_places(file.ear, source.expected_seconds)
        self._kept: list[list[Samples]] = [[] for _ in self._places]

    @property
    def expected_seconds(self) -> float:
        """Length of the window."""
        return self._source.expected_seconds

    def blocks(self) -> Iterator[Samples]:
        """The source's blocks."""
        self._kept = [[] for _ in self._places]
        begin = 0
        for block in self._source.blocks():
            end = begin + len(block)
            for place, kept in zip(self._places, self._kept, strict=True):
                part = block[max(place.start - begin, 0) : max(place.stop - begin, 0)]
                if len(part):
                    kept.append(part.copy())
            yield block
            begin = end

    def samples(self) -> Samples:
        """All blocks in one array."""
        return np.concatenate([*(block.copy() for block in self.blocks()), np.empty(0, np.float32)])

    def hear(self) -> Heard:
        """What the ear says of the patches; call this after reading the blocks.

        Raises
        ------
        RejectedError
            The window holds no audio, or the network's answer is not a number.
        """
        pieces = [np.concatenate(kept) for kept in self._kept if kept]
        if not pieces:
            raise RejectedError(Stage.DECODE, Reason.EMPTY_FILE, "the analysed window contains no audio")
        try:
            return open_network(self._file).hear(pieces)
        except NotFiniteError as error:
            raise RejectedError(Stage.ANALYSE, Reason.NON_FINITE_FEATURE, str(error)) from error


def listen(source: AudioSource, file: EarFile) -> Heard:
    """What an ear says of a source that needs no other analysis; errors as for `Overheard`."""
    overheard = Overheard(source, file)
    for _ in overheard.blocks():
        pass
    return overheard.hear()


def prepare(kind: Engine, file: EarFile | None) -> None:
    """Load whatever the first track needs."""
    warm_up(kind)
    if file is not None:
        open_network(file)
