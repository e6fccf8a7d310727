"""Metadata rows of any of the known CSV formats, in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segue_jobs.contract import MetadataFormat, Reason, Stage
from segue_jobs.listing import fma
from segue_jobs.listing.csv_file import CsvFile, open_csv
from segue_jobs.listing.flat import flat_layout
from segue_jobs.listing.layout import ID, PATH, Cells, Layout
from segue_jobs.listing.model import Problem
from segue_jobs.listing.track_ids import JoinBy, canonical_id, id_of_path, path_of_cell
from segue_jobs.records import Metadata
from segue_jobs.runtime.program import ConfigurationError

_MAXIMUM_KEY = 4096
"""Longer ids and paths are no ids and paths."""


@dataclass(frozen=True)
class Row:
    """One row, whatever file it came from."""

    number: int
    """From 1, the header not counted."""
    track_id: str
    path: str | None = None
    """File that the row names, relative to the audio root."""
    metadata: Metadata = Metadata()
    problem: Problem | None = None


@dataclass(frozen=True)
class MetadataTable:
    """All rows, in the file's order."""

    format: MetadataFormat
    join_by: JoinBy
    rows: tuple[Row, ...]


def read_metadata(path: Path, wanted: MetadataFormat, column_map: Mapping[str, str]) -> MetadataTable:
    """Read a CSV, only the columns that matter.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or lacks a column that its format needs.
    """
    csv = open_csv(path)
    found = _detect(csv, wanted, column_map)
    if column_map and found is not MetadataFormat.FLAT:
        raise ConfigurationError(
            f"a column map is for the format Flat, and {path} is read as {found}: remove one of them"
        )
    layout = _layout(csv, found, column_map)
    rows = tuple(_row(number, cells, layout) for number, cells in csv.rows(layout.columns, layout.header_rows))
    return MetadataTable(found, layout.join_by, rows)


def _detect(csv: CsvFile, wanted: MetadataFormat, column_map: Mapping[str, str]) -> MetadataFormat:
    if wanted is not MetadataFormat.AUTO:
        return wanted
    if column_map:
        return MetadataFormat.FLAT
    if fma.is_tracks(csv):
        return MetadataFormat.FMA_TRACKS
    return MetadataFormat.FMA_RAW_TRACKS if fma.is_raw_tracks(csv) else MetadataFormat.FLAT


def _layout(csv: CsvFile, found: MetadataFormat, column_map: Mapping[str, str]) -> Layout:
    if found is MetadataFormat.FMA_TRACKS:
        return fma.tracks_layout(csv)
    if found is MetadataFormat.FMA_RAW_TRACKS:
        return fma.raw_tracks_layout(csv)
    return flat_layout(csv, column_map)


def _row(number: int, cells: Cells, layout: Layout) -> Row:
    wanted = PATH if layout.join_by is JoinBy.PATH else ID
    cell = cells[wanted]
    if not cell.strip():
        return _bad_row(number, f"row {number} has no {wanted}")
    if len(cell) > _MAXIMUM_KEY or len(cells.get(ID, "")) > _MAXIMUM_KEY:
        return _bad_row(number, f"row {number} has an {wanted} of {len(cell)} characters")
    path = path_of_cell(cell) if wanted == PATH else None
    track_id = canonical_id(cells.get(ID, "")) or id_of_path(path or "")
    return Row(number, track_id, path, layout.to_metadata(cells))


def _bad_row(number: int, message: str) -> Row:
    problem = Problem(Stage.LIST, Reason.BAD_METADATA, f"{message}: correct the metadata file")
    return Row(number, f"row-{number}", problem=problem)
