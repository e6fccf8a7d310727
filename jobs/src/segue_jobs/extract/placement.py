"""Which part of a track is analysed: its middle, unless the music is elsewhere. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SOUNDING_SHARE = 0.5
"""Share of a window that must sound; else the window moves to where the music is."""
PLACEMENT = "2"
"""Version of these rules in the recipe."""


@dataclass(frozen=True)
class Excerpt:
    """A part of a track, in frames."""

    start: int
    frames: int
    first_channel: bool = False
    """Take the first channel alone: the mean of all is silent because their signals cancel each other out."""


@dataclass(frozen=True)
class Block:
    """A short piece of a track, as a survey found it."""

    frames: int
    mixed_sounds: bool
    """Whether the mean of the channels is not silent."""
    any_sounds: bool
    """Whether a channel is not silent."""
    is_damaged: bool = False


def middle(total: int, wanted: int | None) -> Excerpt:
    """The middle of a track of so many frames, or all of it if it is shorter or ``wanted`` is None."""
    if wanted is None or wanted >= total:
        return Excerpt(0, total)
    return Excerpt((total - wanted) // 2, wanted)


def place(blocks: Sequence[Block], wanted: int | None, least: int) -> Excerpt | None:
    """The part with most music among those of the wanted length, and of these the nearest to the middle.

    It contains no damaged block, and does not begin or end with a silent one unless it would be shorter than ``least``
    frames. With ``wanted`` None it is the whole track. None if there is no such part of ``least`` frames.
    """
    mixed, loud = (sum(block.frames for block in blocks if sounds(block)) for sounds in (_mixed, _any))
    if not loud:
        return None
    first_channel = mixed < SOUNDING_SHARE * loud
    sounding = [_any(block) if first_channel else _mixed(block) for block in blocks]
    starts = [0]
    for block in blocks:
        starts.append(starts[-1] + block.frames)
    found = [
        _best(starts, sounding, begin, end, starts[-1] if wanted is None else wanted)
        for begin, end in _undamaged(blocks)
        if starts[end] - starts[begin] >= (least if wanted is not None else starts[-1])
    ]
    if not found:
        return None
    begin, end = max(found, key=lambda part: _merit(starts, sounding, *part))
    if not any(sounding[begin:end]):
        return None
    if wanted is not None:
        begin, end = _trimmed(starts, sounding, begin, end, least)
    frames = starts[end] - starts[begin]
    return Excerpt(starts[begin], frames if wanted is None else min(frames, wanted), first_channel)


def _mixed(block: Block) -> bool:
    return block.mixed_sounds


def _any(block: Block) -> bool:
    return block.any_sounds


def _undamaged(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Stretches of blocks without damage, as the first and the one after the last."""
    breaks = [-1, *(index for index, block in enumerate(blocks) if block.is_damaged), len(blocks)]
    return [(before + 1, after) for before, after in pairwise(breaks) if after > before + 1]


def _best(starts: list[int], sounding: list[bool], begin: int, end: int, wanted: int) -> tuple[int, int]:
    """The best run of blocks of the wanted length in a stretch; all of it, if it is shorter."""
    runs = []
    last = begin
    for first in range(begin, end):
        last = max(last, first + 1)
        while last < end and starts[last] - starts[first] < wanted:
            last += 1
        if starts[last] - starts[first] < wanted and first > begin:
            break
        runs.append((first, last))
    return max(runs, key=lambda run: _merit(starts, sounding, *run))


def _merit(starts: list[int], sounding: list[bool], begin: int, end: int) -> tuple[int, int]:
    """Frames that sound, and how near to the middle of the track they are."""
    music = sum(starts[index + 1] - starts[index] for index in range(begin, end) if sounding[index])
    return music, -abs(starts[begin] + starts[end] - starts[-1])


def _trimmed(starts: list[int], sounding: list[bool], begin: int, end: int, least: int) -> tuple[int, int]:
    while end > begin and not sounding[end - 1] and starts[end - 1] - starts[begin] >= least:
        end -= 1
    while begin < end and not sounding[begin] and starts[end] - starts[begin + 1] >= least:
        begin += 1
    return begin, end
