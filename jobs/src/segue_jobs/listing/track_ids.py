r"""Track ids: one form for file names and CSV cells, so that they match.

An id is valid UTF-8, whatever the file's name: undecodable bytes and control characters become ``\xNN``, decomposed
accents (which macOS writes) are composed, and an id that is too long for a record keeps its beginning and ends with a
hash of the whole. Leading zeros stay, because ``01.mp3`` and ``1.mp3`` are two songs; only FMA's numbers lose them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from enum import StrEnum
from pathlib import PurePosixPath

MAXIMUM_ID_LENGTH = 480
"""The limit in records is 512; this leaves room for the suffix of a duplicate."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NUMBER = re.compile(r"0*([0-9]+)")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")
_NOTHING = " .\t"
"""What remains of ``..wav`` and `` .mp3`` without the extension: no name."""


class JoinBy(StrEnum):
    """How a metadata row refers to its file."""

    NUMBER = "number"
    """FMA: the file, in any folder, is named after the track's number, padded or not."""
    STEM = "stem"
    """The file, in any folder, is named after the id."""
    PATH = "path"
    """The row names the file."""


def printable(text: str) -> str:
    r"""A path as valid UTF-8 on one line: undecodable bytes and control characters become ``\xNN``."""
    return _CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte of a file's name
        code -= 0xDC00
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def canonical_id(text: str) -> str:
    """The canonical form of an id; empty only for blank text."""
    text = unicodedata.normalize("NFC", printable(text.strip()))
    if len(text) > MAXIMUM_ID_LENGTH:
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        text = f"{text[: MAXIMUM_ID_LENGTH - len(digest) - 1]}~{digest}"
    return text


def id_of_cell(text: str, join_by: JoinBy) -> str:
    """Id from a CSV; ``7.0``, as programs write a column of numbers with a gap, is 7."""
    text = canonical_id(text)
    if whole := _WHOLE_FLOAT.fullmatch(text):
        text = whole.group(1)
    number = _NUMBER.fullmatch(text)
    return number.group(1) if number and join_by is JoinBy.NUMBER else text


def number_of(text: str) -> str | None:
    """The number that an id is, in ASCII without leading zeros, whatever the script of its digits; else None."""
    digits = [unicodedata.decimal(character, None) for character in text]
    if not digits or None in digits:
        return None
    return "".join(map(str, digits)).lstrip("0") or "0"


def extension_of(path: str) -> str:
    """A file's extension with its dot, as in ``.mp3``; empty if there is none.

    A name that is nothing but an extension (``.mp3``) has none, as with any hidden file; ``..wav`` has one.
    """
    name = path.rpartition("/")[2]
    beginning, dot, end = name.rpartition(".")
    return dot + end if beginning and end else ""


def without_extension(path: str) -> str:
    """A file's path without the extension, unless only blanks and dots would be left of its name.

    A folder's path (ending with ``/``) is unchanged.
    """
    shorter = path.removesuffix(extension_of(path))
    return shorter if shorter.rpartition("/")[2].strip(_NOTHING) else path


def id_of_file(path: str, join_by: JoinBy) -> str | None:
    """Id from a file's name; None if there is none (an FMA file whose name is not a number)."""
    if join_by is JoinBy.PATH or path.endswith("/"):
        return id_of_path(path)
    stem = without_extension(path).rpartition("/")[2]
    if join_by is JoinBy.NUMBER:
        number = _NUMBER.fullmatch(stem)
        return number and number.group(1)
    return canonical_id(stem) or id_of_path(path)


def id_of_path(path: str) -> str:
    """Id from a file's path: the path without the extension (with it, if only blanks would be left)."""
    return canonical_id(without_extension(path)) or canonical_id(path)


def path_of_cell(text: str) -> str:
    """A path from a CSV in canonical form: ``/`` between folders, no leading ``./``, composed accents.

    It is only compared, never opened: a path that leaves the audio folder matches no file. Blanks around it stay: they
    may belong to the file's name.
    """
    if "/" not in text:
        text = text.replace("\\", "/")
    return unicodedata.normalize("NFC", str(PurePosixPath(text)))
