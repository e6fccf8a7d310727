"""How long an MPEG audio file is, judged from its headers, and whether it is all there.

Seeking to its end would answer this too, but to get there a decoder reads the header of every frame.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_LOOKED_AT = 4096
_HAS_FRAMES_AND_BYTES = 3
_SHORTER_BY = 0.03
"""Share of its bytes that a complete file may lack: encoders count tags and the last frame differently."""
_LAYER_III = 1
_MPEG_1, _RESERVED = 3, 1
_KILOBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates of layer III by index, for MPEG 1 and the others; 0 is a free one (ISO/IEC 11172-3, 13818-3)."""
_HERTZ = (44_100, 48_000, 32_000)
_HALVED = {_MPEG_1: 1, 2: 2, 0: 4}
_LONGEST_GAP = 1 << 20
"""Bytes without a frame, after which counting ends."""


def looks_whole(path: Path, start: int, end: int) -> bool:
    """Whether the audio between two positions of a file has as many bytes as its header says, and real data at its end.

    The Xing header in the first frame counts the stream's frames and bytes (LAME and similar encoders write it; for a
    constant bit rate, as "Info"). The length of a stream without one follows from its size. An interrupted download
    whose file was allocated in advance ends in zeros.
    """
    with path.open("rb") as file:
        file.seek(start)
        head = file.read(_LOOKED_AT)
        file.seek(max(start, end - _LOOKED_AT))
        tail = file.read(end - file.tell())
    claimed = _claimed_bytes(head)
    return any(tail) and (claimed is None or end - start >= (1 - _SHORTER_BY) * claimed)


def counted_samples(path: Path, start: int, end: int) -> int | None:
    """Samples of each channel in the frames between two positions of a file; None if its header says how many.

    Without such a header, decoders multiply the size by the first frame's bit rate, which is wrong if that varies.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if _counts_its_frames(data[start : start + _LOOKED_AT]):
            return None
        samples, place, last = 0, start, start
        while place < end - 4 and place - last < _LONGEST_GAP:
            length, count = _frame(data[place : place + 4])
            if not length:
                place = data.find(b"\xff", place + 1, last + _LONGEST_GAP)
                if place < 0:
                    break
                continue
            samples += count
            place += length
            last = place
        return samples


def _frame(header: bytes) -> tuple[int, int]:
    """Bytes and samples of a frame of layer III; 0 if this is not the header of one."""
    if header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0, 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate_index, hertz_index = header[2] >> 4, header[2] >> 2 & 3
    if version == _RESERVED or layer != _LAYER_III or rate_index in (0, 15) or hertz_index == 3:
        return 0, 0
    is_first = version == _MPEG_1
    kilobits = _KILOBITS[is_first][rate_index]
    hertz = _HERTZ[hertz_index] // _HALVED[version]
    padding = header[2] >> 1 & 1
    return (144 if is_first else 72) * kilobits * 1000 // hertz + padding, 1152 if is_first else 576


def _counts_its_frames(head: bytes) -> bool:
    return any(name in head for name in (b"Xing", b"Info", b"VBRI"))


def _claimed_bytes(head: bytes) -> int | None:
    found = [place for name in (b"Xing", b"Info") if (place := head.find(name)) >= 0]
    if not found:
        return None
    flags, _frames, count = (int.from_bytes(head[min(found) + offset :][:4], "big") for offset in (4, 8, 12))
    return count if flags & _HAS_FRAMES_AND_BYTES == _HAS_FRAMES_AND_BYTES else None
