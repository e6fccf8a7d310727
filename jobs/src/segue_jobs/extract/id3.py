"""ID3 tags, read within bounds.

mutagen unpacks compressed frames whatever their size, and copies the rest of a tag after each frame: a file of a few
kilobytes could take all memory, one of some megabytes all day. This reads the frames that Segue uses, each byte once.
See https://id3.org/id3v2.4.0-structure, id3v2.3.0 and id3v2-00.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from mutagen.id3 import TCON

from segue_jobs.extract.bounded_file import BoundedFile

_HEADER = struct.Struct(">3sBBB4s")
_MAXIMUM_FRAMES = 10_000
_MAXIMUM_TEXT = 64 << 10
"""Bytes of a frame of text that are looked at: names are cut to far less."""
_MAXIMUM_VALUES = 100
_OLD_NAMES = {
    b"TT2": "TIT2", b"TP1": "TPE1", b"TP2": "TPE2", b"TAL": "TALB", b"TCO": "TCON", b"TYE": "TYER", b"TRK": "TRCK",
    b"TPA": "TPOS", b"TRC": "TSRC", b"TST": "TSOT", b"TSP": "TSOP", b"TSA": "TSOA", b"TS2": "TSO2", b"TXX": "TXXX",
    b"UFI": "UFID", b"PIC": "APIC", b"TOR": "TORY",
}  # fmt: skip
"""Frames of version 2.2 -> their names since."""
_WANTED = frozenset({*_OLD_NAMES.values(), "TDRC", "TDOR"})
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_NAME = re.compile(rb"[A-Z][A-Z0-9]{3}")
_GENRE_NUMBER = re.compile(r"\(?\d{1,3}\)?")
_V1 = struct.Struct("3s30s30s30s4s30sB")


@dataclass
class Id3:
    """What was found."""

    texts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Frame -> its values; of ``TXXX`` and ``UFID``, ``<frame>:<description in lower case>``."""
    pictures: list[tuple[int, bytes]] = field(default_factory=list)
    """Type and content; 3 is the front cover."""
    raw: bytes = b""
    """The tag as it is in the file, without its header."""
    begin: int = 0
    """Where that is in the file."""

    def add_text(self, name: str, values: Iterable[str]) -> None:
        """Add the values of a frame."""
        there = self.texts[name]
        there.extend(islice(filter(None, values), _MAXIMUM_VALUES - len(there)))


def read_id3(file: BoundedFile, start: int) -> Id3:
    """The tag at a position; empty if there is none.

    Raises
    ------
    TagsTooLargeError
        It is too large.
    """
    found = Id3()
    file.seek(start)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(b"ID3"):
        return found
    _, major, _, flags, size = _HEADER.unpack(header)
    if major not in (2, 3, 4) or max(size) > 127:
        return found
    found.raw = data = file.read(_seven_bits(size))
    found.begin = start + _HEADER.size
    if flags & 0x80 and major < 4:
        data = _synchronised(data)
    offset = _extended_header(data, major) if flags & 0x40 and major > 2 else 0
    _read_frames(found, data, offset, major, synchronise=major == 4 and bool(flags & 0x80))
    return found


def read_id3v1(file: BoundedFile, end: int) -> Id3:
    """The 128 bytes at the end of a file, if they are a tag."""
    found = Id3()
    if end < _V1.size:
        return found
    file.seek(end - _V1.size)
    data = file.read(_V1.size)
    if len(data) < _V1.size or not data.startswith(b"TAG"):
        return found
    _, title, artist, album, year, comment, genre = _V1.unpack(data)
    names = {"TIT2": title, "TPE1": artist, "TALB": album, "TYER": year}
    for name, value in names.items():
        found.add_text(name, [value.partition(b"\0")[0].decode("latin-1").strip()])
    if comment[28] == 0 and comment[29]:
        found.add_text("TRCK", [str(comment[29])])
    if genre < len(TCON.GENRES):
        found.add_text("TCON", [TCON.GENRES[genre]])
    return found


def genres_of(values: list[str]) -> list[str]:
    """Genres as text: ID3 may have numbers, ``(17)`` or ``17``."""
    return [genre for value in values for genre in _genre(value)]


def _genre(value: str) -> list[str]:
    if not _GENRE_NUMBER.match(value):
        return [value]
    return [str(genre) for genre in TCON(encoding=3, text=[value]).genres]  # type: ignore[no-untyped-call]


def _seven_bits(data: bytes) -> int:
    """A number of seven bits a byte."""
    return data[0] << 21 | data[1] << 14 | data[2] << 7 | data[3]


def _synchronised(data: bytes) -> bytes:
    """Without the zeros that keep a player from taking tags for audio."""
    return data.replace(b"\xff\x00", b"\xff")


def _extended_header(data: bytes, major: int) -> int:
    """Where the frames begin behind an extended header."""
    size = data[:4]
    if len(size) < 4:
        return 0
    return _seven_bits(size) if major == 4 else 4 + int.from_bytes(size, "big")


def _read_frames(found: Id3, data: bytes, offset: int, major: int, *, synchronise: bool) -> None:
    head = 6 if major == 2 else 10
    for _ in range(_MAXIMUM_FRAMES):
        name, size, flags = _frame(data, offset, major)
        begin = offset + head
        if not name.strip(b"\0") or begin + size > len(data):
            return  # padding, or damage
        offset = begin + size
        if wanted := _wanted(name):
            _take(found, wanted, _content(data[begin:offset], flags | (0x02 if synchronise else 0), major))


def _frame(data: bytes, offset: int, major: int) -> tuple[bytes, int, int]:
    """Name, size and flags."""
    if major == 2:
        return data[offset : offset + 3], int.from_bytes(data[offset + 3 : offset + 6], "big"), 0
    name, size = data[offset : offset + 4], data[offset + 4 : offset + 8]
    flags = int.from_bytes(data[offset + 8 : offset + 10], "big")
    plain = int.from_bytes(size, "big")
    if major == 3 or len(size) < 4 or max(size) > 127:
        return name, plain, flags
    bits = _seven_bits(size)
    # iTunes wrote sizes of version 2.4 as plain numbers: the right one leads to the next frame.
    return name, bits if bits == plain or _goes_on(data, offset + 10 + bits) else plain, flags


def _goes_on(data: bytes, offset: int) -> bool:
    return offset == len(data) or data[offset : offset + 1] == b"\0" or bool(_NAME.match(data, offset))


def _wanted(name: bytes) -> str | None:
    """The name of a frame that Segue uses."""
    if len(name) == 3 or name.endswith(b"\0"):
        return _OLD_NAMES.get(name[:3])
    text = name.decode("latin-1")
    return text if text in _WANTED else None


def _content(data: bytes, flags: int, major: int) -> bytes:
    """A frame's content; empty if it is compressed or encrypted, which nobody's tags are."""
    if major == 4:
        if flags & 0x0C:
            return b""
        data = data[(4 if flags & 0x01 else 0) + (1 if flags & 0x40 else 0) :]
        return _synchronised(data) if flags & 0x02 else data
    if major == 3 and flags & 0xC0:
        return b""
    return data[1:] if major == 3 and flags & 0x20 else data


def _take(found: Id3, name: str, content: bytes) -> None:
    if len(content) < 2:
        return
    if name == "UFID":
        owner, _, value = content[:_MAXIMUM_TEXT].partition(b"\0")
        found.add_text(f"UFID:{owner.decode('latin-1').lower()}", [value.decode("ascii", "replace")])
    elif name == "APIC":
        found.pictures.append(_picture(content))
    else:
        values = _texts(content[0], content[1:_MAXIMUM_TEXT])
        if name == "TXXX":
            name, values = f"TXXX:{values[0].lower()}", values[1:]
        found.add_text(name, values)


def _texts(encoding: int, content: bytes) -> list[str]:
    """Values of a frame of text, which a zero separates."""
    if encoding >= len(_ENCODINGS):
        return [""]
    try:
        text = content.decode(_ENCODINGS[encoding], "replace")
    except UnicodeError:  # utf-16 without its mark
        return [""]
    return [
        value.lstrip("\ufeff").strip() for value in text.rstrip("\0").split("\0", _MAXIMUM_VALUES)[:_MAXIMUM_VALUES]
    ]


def _picture(content: bytes) -> tuple[int, bytes]:
    """Type and bytes of a picture."""
    encoding, rest = content[0], content[1:]
    if rest[3:4] != b"/" and rest[:3].isalpha() and rest[:3].isupper():  # version 2.2: JPG, PNG
        kind, rest = rest[3:4], rest[4:]
    else:
        _, _, rest = rest.partition(b"\0")
        kind, rest = rest[:1], rest[1:]
    return (kind[0] if kind else 0), _after_description(encoding, rest)


def _after_description(encoding: int, rest: bytes) -> bytes:
    if encoding not in (1, 2):
        return rest.partition(b"\0")[2]
    end = next((at for at in range(0, min(len(rest), 2000), 2) if rest[at : at + 2] == b"\0\0"), len(rest))
    return rest[end + 2 :]
