"""Refuses containers of so many chunks that a decoder would look through them for minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from segue_core.contract import Reason, Stage
from segue_jobs.extract.audio_source import RejectedError
from segue_jobs.extract.payload import untagged_range

MAXIMUM_CHUNKS = 10_000
"""A recording has a dozen."""


@dataclass(frozen=True)
class _Form:
    """How a container writes its chunks."""

    begin: int
    """Where the first one is."""
    name: int
    """Bytes of a chunk's name."""
    size: int
    """Bytes of the number behind it."""
    order: Literal["little", "big"]
    align: int
    includes_head: bool = False
    """Whether the number counts name and number too."""


_FORMS: Mapping[bytes, _Form] = {
    b"RIFF": _Form(12, 4, 4, "little", 2),
    b"RF64": _Form(12, 4, 4, "little", 2),
    b"RIFX": _Form(12, 4, 4, "big", 2),
    b"FORM": _Form(12, 4, 4, "big", 2),
    b"caff": _Form(8, 4, 8, "big", 1),
    b"riff": _Form(40, 16, 8, "little", 8, includes_head=True),
}
"""By the first four bytes: WAV, its large and its big-endian form, AIFF, CAF, W64."""


def check_structure(path: Path) -> None:
    """Count a container's chunks.

    Raises
    ------
    RejectedError
        It has more than 10,000.
    OSError
        It cannot be read.
    """
    start, end = untagged_range(path)
    with path.open("rb") as file:
        file.seek(start)
        form = _FORMS.get(file.read(4))
        if form is None:
            return
        for number, _ in enumerate(_chunks(file, form, start + form.begin, end)):
            if number >= MAXIMUM_CHUNKS:
                message = f"the file has more than {MAXIMUM_CHUNKS:,} chunks: it is damaged, or made to hurt"
                raise RejectedError(Stage.DECODE, Reason.DECODE_ERROR, message)


def _chunks(file: BinaryIO, form: _Form, offset: int, end: int) -> Iterator[int]:
    """Where each chunk begins."""
    head = form.name + form.size
    while offset + head <= end:
        yield offset
        file.seek(offset + form.name)
        size = int.from_bytes(file.read(form.size), form.order)
        length = max(head, size if form.includes_head else head + size)
        offset += length + -length % form.align
