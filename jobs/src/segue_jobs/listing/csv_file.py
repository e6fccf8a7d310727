"""A CSV file of unknown origin: its encoding, delimiter and header, and its columns by position, in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from segue_jobs.runtime.program import ConfigurationError

logger = logging.getLogger(__name__)

MAXIMUM_LINE_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20
_ROWS_AT_ONCE = 20_000
_DELIMITERS = ",;\t|"
_MAXIMUM_COLUMNS = 5000


@dataclass(frozen=True)
class CsvFile:
    """A CSV whose dialect is known."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[tuple[str, ...], ...]
    """The first three rows: which of them are header is for the format to say."""

    def rows(self, columns: Mapping[str, int], header_rows: int) -> Iterator[tuple[int, dict[str, str]]]:
        """Rows as number (from 1, header not counted) and cells by name; a missing cell is empty.

        Raises
        ------
        ConfigurationError
            The file is no CSV from some row on (a quote that is never closed).
        """
        import pandas as pd

        names = list(columns)
        positions = [columns[name] for name in names]
        number = -header_rows  # not skipped by the parser, which would count blank lines before them
        try:
            with pd.read_csv(
                self.path,
                encoding=self.encoding,
                encoding_errors="replace",
                sep=self.delimiter,
                header=None,
                names=range(max(len(row) for row in self.header)),
                usecols=sorted(set(positions)),
                index_col=False,
                dtype=str,
                na_filter=False,
                chunksize=_ROWS_AT_ONCE,
            ) as chunks:
                for chunk in chunks:
                    for cells in zip(*(chunk[position].fillna("") for position in positions), strict=True):
                        number += 1
                        if number > 0:
                            yield number, dict(zip(names, cells, strict=True))
        except pd.errors.EmptyDataError:
            return
        except pd.errors.ParserError as error:
            detail = str(error).strip().rpartition("C error: ")[2]
            raise ConfigurationError(
                f"the metadata file {self.path} cannot be read after row {max(number, 0)}: {detail}; "
                "is a quotation mark not closed?"
            ) from error


def open_csv(path: Path) -> CsvFile:
    """Find out how a CSV is written.

    Raises
    ------
    ConfigurationError
        It is missing, unreadable, empty, no text, or has a line of more than 4 MiB.
    """
    try:
        encoding = _scan(path)
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            beginning = "".join(line for line, _ in zip(file, range(8), strict=False))
    except FileNotFoundError:
        raise ConfigurationError(f"the metadata file {path} does not exist: check spec.source.metadata.path") from None
    except OSError as error:
        raise ConfigurationError(f"the metadata file {path} cannot be read: {error.strerror}") from error
    if not beginning.strip():
        raise ConfigurationError(f"the metadata file {path} is empty: it needs a header and a row for each track")
    if "\0" in beginning.partition("\n")[0]:
        raise ConfigurationError(f"the metadata file {path} is not text: give a CSV file")
    delimiter = max(_DELIMITERS, key=lambda candidate: len(_first_rows(path, beginning, candidate)[0]))
    header = _first_rows(path, beginning, delimiter)
    if len(header[0]) > _MAXIMUM_COLUMNS:
        raise ConfigurationError(f"the metadata file {path} has {len(header[0])} columns: is it a CSV of tracks?")
    return CsvFile(path, encoding, delimiter, header)


def _scan(path: Path) -> str:
    """Read the file once: its encoding, and no line so long that a parser would fill the memory with it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, line, length, beginning = True, 1, 0, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            beginning = beginning or block[:4]
            length += (block.find(b"\n") + 1) or len(block)
            if length > MAXIMUM_LINE_BYTES:
                raise ConfigurationError(
                    f"line {line} of the metadata file {path} is longer than {MAXIMUM_LINE_BYTES >> 20} MiB: "
                    "correct or remove it"
                )
            if (newlines := block.count(b"\n")) > 0:
                line, length = line + newlines, len(block) - block.rfind(b"\n") - 1
            is_utf8 = is_utf8 and _decodes(decoder, block)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if beginning.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if is_utf8:
        return "utf-8"
    logger.warning("the metadata file is not UTF-8: read as Windows-1252", extra={"path": str(path)})
    return "cp1252"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _first_rows(path: Path, beginning: str, delimiter: str) -> tuple[tuple[str, ...], ...]:
    try:
        rows = [
            tuple(cell.strip() for cell in row)
            for row in csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise ConfigurationError(f"the header of the metadata file {path} cannot be read: {error}") from error
    return tuple(row for row in rows if row not in ((), ("",)))[:3]
