"""What a metadata format is to its reader: which columns it needs, and how their cells become metadata."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from segue_jobs.listing.track_ids import JoinBy
from segue_jobs.records import Metadata
from segue_jobs.runtime.program import ConfigurationError

ID = "id"
PATH = "path"
"""Names of the two cells that identify a row."""

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """How to read the rows of one file."""

    columns: Mapping[str, int]
    """Cell -> position of its column; other columns are never read."""
    header_rows: int
    join_by: JoinBy
    to_metadata: Callable[[Cells], Metadata]


def shown(names: Iterable[str]) -> str:
    """Column names for a message, however many and long they are."""
    names = [name[:40] or "(empty)" for name in names]
    rest = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + rest


def missing_column(path: Path, wanted: str, there: Iterable[str], way_out: str) -> ConfigurationError:
    """Error of a column that is not there, with the most similar name that is."""
    there = list(there)
    lower = {name.lower(): name for name in reversed(there)}
    similar = difflib.get_close_matches(wanted.lower(), lower, n=1)
    hint = f" (did you mean {lower[similar[0]]!r}?)" if similar else ""
    return ConfigurationError(
        f"the metadata file {path} has no column {wanted!r}{hint}; it has: {shown(there)}. {way_out}"
    )
