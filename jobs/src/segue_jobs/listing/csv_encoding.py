"""The encoding of a CSV: UTF-8 or UTF-16 if that is certain, else what its letters look like."""

from __future__ import annotations

import codecs
import logging
from pathlib import Path

logger = logging.getLogger(__name__)

SAMPLE_BYTES = 32 << 10
_USUAL = "cp1252"
_LIKELY = [
    _USUAL, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp874", "koi8_r",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
"""What spreadsheets of the last decades write, by region."""
_AS_GOOD = 0.02


def by_mark(beginning: bytes) -> str | None:
    """Encoding according to a byte order mark; None without one."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if beginning.startswith(codecs.BOM_UTF8) else None


def by_letters(path: Path, sample: bytes) -> str:
    """The likely encoding of text that is not UTF-8, from lines with letters beyond ASCII.

    Few letters fit many encodings. Then this is Windows-1252, the usual one.
    """
    import charset_normalizer

    matches = charset_normalizer.from_bytes(sample, cp_isolation=_LIKELY, language_threshold=0.1)
    best = matches.best()
    encoding = _USUAL
    if best is not None and not any(
        _USUAL in match.could_be_from_charset
        and match.chaos <= best.chaos + _AS_GOOD
        and match.coherence >= best.coherence - _AS_GOOD
        for match in matches
    ):
        encoding = best.encoding
    logger.warning(
        "the metadata file is not UTF-8; its letters suggest an encoding: if titles look wrong, save it as UTF-8",
        extra={"path": str(path), "encoding": encoding},
    )
    return encoding
