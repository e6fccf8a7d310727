"""A CSV file of unknown origin: its dialect and header, and its columns by position, in bounded memory.

pandas reads the rows: it forgives stray quotation marks and refuses rows of the wrong length. No other module uses it.
"""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from segue_core.errors import ConfigurationError
from segue_jobs.listing.csv_scan import scan

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'\s*"?sep=([^\w\s"\\]|\t)"? *[\r\n]', re.IGNORECASE)
"""Excel's first line, which names the delimiter."""
_BEGINNING_LINES = 8
_MAXIMUM_COLUMNS = 5000
_BEYOND = (2, 256)
"""Cells beyond the header's that a row may have: in most files, and before the file is taken for no table."""
_ROWS_AT_ONCE = 20_000
_CELLS_AT_ONCE = 1 << 20
_CHARACTERS_AT_ONCE = 1 << 20
_LONGEST_ROW = 16 << 20
"""In characters."""
_Header = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CsvRow:
    """One row."""

    number: int
    """From 1, not counting the header and blank lines."""
    cells: dict[str, str]
    """By name; a missing cell is empty."""
    length: int
    """Number of its cells, without empty ones beyond the header's."""


@dataclass(frozen=True)
class CsvFile:
    """A CSV with a known dialect."""

    path: Path
    encoding: str
    delimiter: str
    header: _Header
    """The first three rows; how many of them are the header depends on the format."""
    escape: str | None = None
    """What stands before a quotation mark inside a cell, if it is not a second one."""
    rows_before: int = 0
    """Rows before the header."""

    @property
    def positions(self) -> dict[str, int]:
        """Name in the first header row -> position of its column; of several with one name, the first."""
        return {name: position for position, name in reversed(list(enumerate(self.header[0])))}

    def width(self, header_rows: int) -> int:
        """Number of columns."""
        return max(len(row) for row in self.header[:header_rows])

    def rows(self, columns: Mapping[str, int], header_rows: int) -> Iterator[CsvRow]:
        """All rows after the header that have a cell with text.

        Raises
        ------
        ConfigurationError
            There are too many columns, a cell is too long, a row has far too many cells, or a quotation mark is never
            closed.
        """
        width = self.width(header_rows)
        if width > _MAXIMUM_COLUMNS:
            raise ConfigurationError(
                f"the metadata file {self.path} has {width} columns, but Segue reads at most {_MAXIMUM_COLUMNS}: "
                "remove those that it does not need"
            )
        for number, row in enumerate(self._parse(width), start=1 - header_rows - self.rows_before):
            if number > 0:
                length = len(row)
                while length > width and not row[length - 1].strip():
                    length -= 1
                yield CsvRow(number, {name: row[position] for name, position in columns.items()}, length)

    def _parse(self, width: int) -> Iterator[tuple[str, ...]]:
        """Rows with text, of ``width`` cells or more."""
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            rows = max(1, min(_ROWS_AT_ONCE, _CELLS_AT_ONCE // (width + _BEYOND[-1])))
            while lines := _block(file, rows, _CHARACTERS_AT_ONCE):
                yield from filter(_has_text, zip(*self._columns(lines, file, width), strict=True))

    def _columns(self, lines: list[str], file: TextIO, width: int) -> list[list[str]]:
        """Cells of these lines, and of more if the last row does not end there."""
        import pandas as pd

        beyond, *more = _BEYOND
        is_whole = False
        while True:
            try:
                return _cells(self._read(lines, width + beyond).to_numpy().T.tolist(), width)
            except pd.errors.ParserError as error:
                if "EOF inside string" not in str(error):
                    if not more:
                        raise self._explained(width + beyond) from error
                    beyond = more.pop(0)
                elif is_whole:
                    raise self._explained(width + beyond) from error
                else:
                    lines += self._rest_of_row(lines, file, width + beyond)
                    is_whole = True
            except _LongCellError as error:
                raise self._explained(width + beyond) from error

    def _rest_of_row(self, lines: list[str], file: TextIO, columns: int) -> list[str]:
        """The lines after these that belong to their last row."""
        rest: list[str] = []
        source = _Lines(chain(lines, _kept(file, rest)))
        rows = csv.reader(source, delimiter=self.delimiter, escapechar=self.escape)
        try:
            for _ in rows:
                source.begin_row()
                if rows.line_num >= len(lines):
                    break
        except csv.Error as error:
            raise self._explained(columns) from error
        return rest

    def _read(self, lines: list[str], columns: int) -> pd.DataFrame:
        import pandas as pd

        # pandas measures rows by the first one, however long that is: it gets a blank one of the right length.
        text = self.delimiter * (columns - 1) + "\n" + "".join(lines)
        return pd.read_csv(
            io.StringIO(text, newline=""),
            sep=self.delimiter,
            escapechar=self.escape,
            header=None,
            names=range(columns),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            low_memory=False,
            engine="c",
        )

    def _explained(self, columns: int) -> ConfigurationError:
        """What pandas could not read, with its line, which pandas does not tell."""
        begins = 1
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            lines = _Lines(file)
            rows = csv.reader(lines, delimiter=self.delimiter, escapechar=self.escape)
            try:
                for row in rows:
                    lines.begin_row()
                    if lines.exhausted:
                        return self._unreadable(begins, "a quotation mark is opened there and never closed")
                    if len(row) > columns:
                        message = f"{len(row)} cells, but the header has {len(self.header[0])}"
                        return self._unreadable(begins, message)
                    begins = rows.line_num + 1
            except csv.Error as error:
                return self._unreadable(begins, f"{error}; is a quotation mark not closed?")
        return ConfigurationError(f"cannot read the metadata file {self.path}: its rows are too long")

    def _unreadable(self, line: int, detail: str) -> ConfigurationError:
        return ConfigurationError(f"cannot read the metadata file {self.path} from line {line} on: {detail}")


def _block(file: TextIO, rows: int, characters: int) -> list[str]:
    """The next lines, not cut after a backslash."""
    lines: list[str] = []
    size = 0
    for line in file:
        lines.append(line)
        size += len(line)
        if (len(lines) >= rows or size >= characters) and not line.rstrip("\r\n").endswith("\\"):
            break
    return lines


def _kept(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _cells(columns: list[list[str]], width: int) -> list[list[str]]:
    """The columns without empty ones beyond the header's."""
    if max(max(map(len, column)) for column in columns) > csv.field_size_limit():
        raise _LongCellError
    while len(columns) > width and not any(columns[-1]):
        columns.pop()
    return columns


def _has_text(row: tuple[str, ...]) -> bool:
    return any(map(str.strip, row))


class _LongCellError(Exception):
    """A cell is so long that a quotation mark must be missing."""


class _Lines:
    """Lines for a reader; ``exhausted`` once it has asked for a line after the last one."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._length = 0
        self.exhausted = False

    def begin_row(self) -> None:
        """A row ends here."""
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.exhausted = True
            raise StopIteration
        self._length += len(line)
        if self._length > _LONGEST_ROW:
            raise csv.Error(f"a row is longer than {_LONGEST_ROW >> 20} million characters")
        return line


def open_csv(path: Path) -> CsvFile:
    """Detect encoding, delimiter and header of a CSV.

    Raises
    ------
    ConfigurationError
        It is missing, unreadable, empty, not text or not a regular file, or has a line of more than 4 MiB.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():  # reading it might never end
            raise ConfigurationError(f"the metadata file {path} is a device or a pipe: give a regular file")
        scanned = scan(path)
        with path.open(encoding=scanned.encoding, errors="replace", newline="") as file:
            beginning = "".join(line for line, _ in zip(file, range(_BEGINNING_LINES), strict=False))
    except FileNotFoundError:
        raise ConfigurationError(f"the metadata file {path} does not exist: check spec.source.metadata.path") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read the metadata file {path}: {error.strerror}") from error
    if not beginning.strip():
        raise _is_empty(path)
    if "\0" in beginning.partition("\n")[0]:
        raise ConfigurationError(f"the metadata file {path} is not text: give a CSV file")
    if named := _SEPARATOR_LINE.match(beginning):
        header = _first_rows(path, beginning, named.group(1))[1:]
        if not header:
            raise ConfigurationError(f"the metadata file {path} names a delimiter, but has no header")
        return CsvFile(path, scanned.encoding, named.group(1), header, scanned.escape, rows_before=1)
    delimiter, header = _guess_delimiter(path, beginning)
    return CsvFile(path, scanned.encoding, delimiter, header[:3], scanned.escape)


def _is_empty(path: Path) -> ConfigurationError:
    return ConfigurationError(f"the metadata file {path} is empty: it needs a header and a row for each track")


def _guess_delimiter(path: Path, beginning: str) -> tuple[str, _Header]:
    """The delimiter that gives the first row the most cells, and the first rows."""
    found, error = dict[str, _Header](), None
    for delimiter in _DELIMITERS:
        try:
            found[delimiter] = _first_rows(path, beginning, delimiter)
        except ConfigurationError as impossible:  # with another delimiter, cells are shorter
            error = impossible
    if not found and error is not None:
        raise error
    delimiter, header = max(found.items(), key=lambda item: len(item[1][0]) if item[1] else 0)
    if header:
        return delimiter, header
    raise _is_empty(path)  # nothing but blanks and quotation marks


def _first_rows(path: Path, beginning: str, delimiter: str) -> _Header:
    """The first four rows with text."""
    rows = csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter)
    stripped = (tuple(cell.strip() for cell in row) for row in rows)
    try:
        return tuple(islice(filter(any, stripped), 4))
    except csv.Error as error:
        raise ConfigurationError(f"cannot read the header of the metadata file {path}: {error}") from error
