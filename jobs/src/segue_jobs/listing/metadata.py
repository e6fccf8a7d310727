"""Reads metadata rows from any known CSV format into one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segue_core.contract import MetadataFormat, Reason, Stage
from segue_core.errors import ConfigurationError
from segue_core.store.records import Metadata
from segue_jobs.listing import fma
from segue_jobs.listing.csv_file import CsvFile, CsvRow, open_csv
from segue_jobs.listing.csv_layout import ID, PATH, CsvLayout
from segue_jobs.listing.flat import flat_layout
from segue_jobs.listing.listed_tracks import Problem
from segue_jobs.listing.track_ids import JoinBy, id_of_cell, id_of_path, path_of_cell

_MAXIMUM_KEY = 4096
"""Anything longer is neither an id nor a path."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, whatever its file's format."""

    number: int
    """From 1, not counting the header."""
    track_id: str
    path: str | None = None
    """File that the row names, relative to the audio root."""
    metadata: Metadata = Metadata()
    problem: Problem | None = None
    is_nameless: bool = False
    """Whether neither id nor path is known, and the id only says which row it is."""


@dataclass(frozen=True)
class MetadataTable:
    """All rows, in the order of the file."""

    format: MetadataFormat
    join_by: JoinBy
    rows: tuple[Row, ...]


def read_metadata(path: Path, wanted: MetadataFormat, column_map: Mapping[str, str]) -> MetadataTable:
    """Read the relevant columns of a CSV.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or lacks a column that its format needs.
    """
    csv = open_csv(path)
    found = _detect(csv, wanted, column_map)
    if column_map and found is not MetadataFormat.FLAT:
        raise ConfigurationError(
            f"a column map needs the format Flat, but the format of {path} is {found}: change one of them"
        )
    layout = _layout(csv, found, column_map)
    rows = tuple(_row(row, layout, csv) for row in csv.rows(layout.columns, layout.header_rows))
    return MetadataTable(found, layout.join_by, rows)


def _detect(csv: CsvFile, wanted: MetadataFormat, column_map: Mapping[str, str]) -> MetadataFormat:
    if wanted is not MetadataFormat.AUTO:
        return wanted
    if column_map:
        return MetadataFormat.FLAT
    if fma.is_tracks(csv):
        return MetadataFormat.FMA_TRACKS
    return MetadataFormat.FMA_RAW_TRACKS if fma.is_raw_tracks(csv) else MetadataFormat.FLAT


def _layout(csv: CsvFile, found: MetadataFormat, column_map: Mapping[str, str]) -> CsvLayout:
    if found is MetadataFormat.FMA_TRACKS:
        return fma.tracks_layout(csv)
    if found is MetadataFormat.FMA_RAW_TRACKS:
        return fma.raw_tracks_layout(csv)
    return flat_layout(csv, column_map)


def _row(row: CsvRow, layout: CsvLayout, csv: CsvFile) -> Row:
    wanted = PATH if layout.join_by is JoinBy.PATH else ID
    cell = row.cells[wanted]
    width = csv.width(layout.header_rows)
    too_many = (
        f"row {row.number} has {row.length} cells, but the header has {width}: put quotation marks around a cell "
    )
    too_many += f"that contains {csv.delimiter!r}"
    if row.length > width and layout.columns[wanted] > 0:  # the cell may be another column's
        return _nameless(row.number, too_many)
    if not cell.strip():
        return _nameless(row.number, f"row {row.number} has no {wanted}: correct the metadata file")
    if (longest := max(len(cell), len(row.cells.get(ID, "")))) > _MAXIMUM_KEY:
        message = f"row {row.number} has an {wanted} of {longest} characters: correct the metadata file"
        return _nameless(row.number, message)
    path = path_of_cell(cell) if wanted == PATH else None
    track_id = id_of_cell(row.cells.get(ID, ""), layout.join_by) or id_of_path(path or "")
    if row.length > width:
        return Row(row.number, track_id, path, problem=_bad(too_many))
    return Row(row.number, track_id, path, layout.to_metadata(row.cells))


def _nameless(number: int, message: str) -> Row:
    return Row(number, f"row-{number}", problem=_bad(message), is_nameless=True)


def _bad(message: str) -> Problem:
    return Problem(Stage.LIST, Reason.BAD_METADATA, message)
