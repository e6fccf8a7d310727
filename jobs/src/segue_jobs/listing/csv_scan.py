"""Reads a CSV once, as bytes: finds its encoding and its escapes, and refuses lines that are far too long."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from segue_core.errors import ConfigurationError
from segue_jobs.listing.csv_encoding import SAMPLE_BYTES, by_letters, by_mark

MAXIMUM_LINE_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20
_LINE_END = re.compile(rb"[\r\n]")
_FOREIGN_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*[\r\n]*")
_ESCAPED_QUOTE = re.compile(rb'\\"(?:[^,;\t|\r\n"]|"[,;\t|\r\n])')
r"""``\"`` with text after it, as MySQL and Spark write it. A path such as ``C:\Music\`` ends its cell there."""


@dataclass(frozen=True)
class Scanned:
    """What a scan finds."""

    encoding: str
    escape: str | None
    """The backslash, if it stands before quotation marks."""


def scan(path: Path) -> Scanned:
    """Scan a regular file.

    Raises
    ------
    ConfigurationError
        A line is longer than 4 MiB.
    OSError
        The file cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_escaped = True, False
    line, length, beginning, tail = 1, 0, b"", b""
    sample = bytearray()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            beginning = beginning or block[:4]
            first = _LINE_END.search(block)
            length += first.end() if first else len(block)
            if length > MAXIMUM_LINE_BYTES:
                raise ConfigurationError(
                    f"line {line} of the metadata file {path} is longer than {MAXIMUM_LINE_BYTES >> 20} MiB: "
                    "correct or remove it"
                )
            if first:
                line += block.count(b"\n") or block.count(b"\r")
                length = len(block) - 1 - max(block.rfind(b"\n"), block.rfind(b"\r"))
            is_escaped = is_escaped or _ESCAPED_QUOTE.search(tail + block) is not None
            tail = block[-3:]
            is_utf8 = is_utf8 and _decodes(decoder, block)
            if not block.isascii() and len(sample) < SAMPLE_BYTES:
                _collect(block, sample)
    encoding = by_mark(beginning) or ("utf-8" if is_utf8 else by_letters(path, bytes(sample)))
    return Scanned(encoding, "\\" if is_escaped else None)


def _collect(block: bytes, sample: bytearray) -> None:
    """Add lines with bytes beyond ASCII to the sample."""
    for found in _FOREIGN_LINE.finditer(block):
        sample += found.group()[:SAMPLE_BYTES]
        if len(sample) >= SAMPLE_BYTES:
            return


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True
