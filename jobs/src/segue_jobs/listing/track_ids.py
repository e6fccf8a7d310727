r"""Track ids: one form for file names and CSV cells, so that the two meet.

An id is valid UTF-8 whatever the file is called: undecodable bytes and control characters become ``\xNN``,
decomposed accents (as macOS writes them) are composed, numbers lose their leading zeros, and an id too long for a
record keeps its beginning and ends in a hash of the whole.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from enum import StrEnum
from pathlib import PurePosixPath

MAXIMUM_ID_LENGTH = 480
"""Leaves room for the suffix of a duplicate below the records' limit of 512."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NUMBER = re.compile(r"0*([0-9]+)")


class JoinBy(StrEnum):
    """What a metadata row and a file have in common."""

    NUMBER = "number"
    """FMA: the file is called after the track's number, padded or not, in any folder."""
    STEM = "stem"
    """The file is called after the id, in any folder."""
    PATH = "path"
    """The row names the file."""


def printable(text: str) -> str:
    r"""Text of a path, valid UTF-8 on one line: undecodable bytes and control characters as ``\xNN``."""
    return _CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte, as the file system's names carry it
        code -= 0xDC00
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def canonical_id(text: str) -> str:
    """The one form of an id; empty only for blank text."""
    text = unicodedata.normalize("NFC", printable(text.strip()))
    if number := _NUMBER.fullmatch(text):
        text = number.group(1)
    if len(text) > MAXIMUM_ID_LENGTH:
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        text = f"{text[: MAXIMUM_ID_LENGTH - len(digest) - 1]}~{digest}"
    return text


def without_extension(path: str) -> str:
    """Path without the extension of its file; a folder's path (ending with ``/``) as it is."""
    return path if path.endswith("/") else path.removesuffix(PurePosixPath(path).suffix)


def id_of_file(path: str, join_by: JoinBy) -> str | None:
    """Id that a file's name gives it; None where it gives none (an FMA file that is not called by a number)."""
    if join_by is JoinBy.PATH or path.endswith("/"):
        return id_of_path(path)
    stem = PurePosixPath(path).stem
    if join_by is JoinBy.NUMBER and not _NUMBER.fullmatch(stem):
        return None
    return canonical_id(stem) or id_of_path(path)


def id_of_path(path: str) -> str:
    """Id of a file that nothing else names: its path without extension (with it, where only blanks are left)."""
    return canonical_id(without_extension(path)) or canonical_id(path)


def path_of_cell(text: str) -> str:
    """A CSV's path in the form of the walk's: ``/`` between folders, no ``./`` before, composed accents.

    It is compared, never opened: a path that leaves the audio folder matches no file.
    """
    text = text.strip()
    if "/" not in text:
        text = text.replace("\\", "/")
    return unicodedata.normalize("NFC", str(PurePosixPath(text)))
