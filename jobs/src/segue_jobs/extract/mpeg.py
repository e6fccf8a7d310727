"""Whether an MPEG audio file is as long as it says, told from a few of its bytes.

Seeking to its end would tell as well, but a decoder gets there only by reading the header of every frame.
"""

from __future__ import annotations

from pathlib import Path

_LOOKED_AT = 4096
_HAS_FRAMES_AND_BYTES = 3
_SHORTER_BY = 0.03
"""Share of its bytes that a whole file may lack: encoders count tags and the last frame in different ways."""


def looks_whole(path: Path, start: int, end: int) -> bool:
    """Whether the audio between two positions of a file has the bytes that its own header counts, to the last.

    Xing's header, in the first frame, counts the stream's frames and bytes (LAME and its kin write it, as "Info" where
    the bit rate is constant). A stream without one has the length that its size gives. A download that was given its
    size in advance ends in zeros.
    """
    with path.open("rb") as file:
        file.seek(start)
        head = file.read(_LOOKED_AT)
        file.seek(max(start, end - _LOOKED_AT))
        tail = file.read(end - file.tell())
    claimed = _claimed_bytes(head)
    return any(tail) and (claimed is None or end - start >= (1 - _SHORTER_BY) * claimed)


def _claimed_bytes(head: bytes) -> int | None:
    found = [place for name in (b"Xing", b"Info") if (place := head.find(name)) >= 0]
    if not found:
        return None
    flags, _frames, count = (int.from_bytes(head[min(found) + offset :][:4], "big") for offset in (4, 8, 12))
    return count if flags & _HAS_FRAMES_AND_BYTES == _HAS_FRAMES_AND_BYTES else None
