"""How to read a metadata format: which columns it needs, and how their cells become metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from segue_core.contract.wording import did_you_mean, similar
from segue_core.errors import ConfigurationError
from segue_core.store.records import Metadata
from segue_jobs.listing.track_ids import JoinBy, printable

ID = "id"
PATH = "path"
"""The two cells that can identify a row."""

Cells = Mapping[str, str]


@dataclass(frozen=True)
class CsvLayout:
    """How to read the rows of one file."""

    columns: Mapping[str, int]
    """Cell -> position of its column; other columns are never read."""
    header_rows: int
    join_by: JoinBy
    to_metadata: Callable[[Cells], Metadata]


_COMPARED = 1000
"""Columns that are compared with a missing one; a file may have a million."""


def shown(names: Iterable[str]) -> str:
    """Column names for a message, shortened if they are many or long."""
    names = list(names)
    rest = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(printable(name[:40]) or "(empty)" for name in names[:20]) + rest


def missing_column(path: Path, wanted: str, there: Iterable[str], way_out: str) -> ConfigurationError:
    """The error for a missing column, which suggests the most similar name."""
    there = list(there)
    hint = did_you_mean([repr(name) for name in similar(wanted, (name[:100] for name in there[:_COMPARED]), limit=1)])
    hint = f" ({hint})" if hint else ""
    return ConfigurationError(
        f"the metadata file {path} has no column {wanted!r}{hint}; its columns: {shown(there)}. {way_out}"
    )
