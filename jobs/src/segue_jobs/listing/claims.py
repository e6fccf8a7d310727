"""Which metadata row gets which file. No I/O."""

from __future__ import annotations

from segue_core.contract import Reason, Stage
from segue_core.contract.wording import shorten
from segue_jobs.listing.audio_files import AudioFile
from segue_jobs.listing.file_index import FileIndex
from segue_jobs.listing.listed_tracks import Problem
from segue_jobs.listing.metadata import MetadataTable, Row
from segue_jobs.listing.track_ids import JoinBy, number_of

_SHOWN = 80


class Claims:
    """Each file goes to one row at most: to the row that names it exactly, else to one whose id is the same number.

    A row that cannot be used still claims its file if no other row does, so that one song has one rejection.
    """

    def __init__(self, index: FileIndex, table: MetadataTable) -> None:
        self._index = index
        self._files: dict[int, AudioFile] = {}
        self._rows: dict[str, Row] = {}
        self._first: dict[str, Row] = {}
        self._problems: dict[int, Problem] = {row.number: row.problem for row in table.rows if row.problem is not None}
        good = [row for row in table.rows if row.problem is None]
        for row in good:
            self._first.setdefault(row.track_id, row)
        if table.join_by is JoinBy.STEM:
            self._claim_exactly(good)
        self._find_duplicates(good)
        self._claim_the_rest(good)
        for row in table.rows:
            if row.number in self._problems and not row.is_nameless:
                self._claim(row, index.named(row))

    def file(self, row: Row) -> AudioFile | None:
        """The file of a row."""
        return self._files.get(row.number)

    def problem(self, row: Row) -> Problem | None:
        """Why a row cannot be used, apart from a missing file."""
        return self._problems.get(row.number)

    def alternatives(self, row: Row) -> list[AudioFile]:
        """The other files of a row's song which no row names, best first."""
        file = self.file(row)
        return [] if file is None else [other for other in self._index.others(file) if other.path not in self._rows]

    def _claim(self, row: Row, file: AudioFile | None) -> None:
        if file is not None and self._rows.setdefault(file.path, row) is row:
            self._files[row.number] = file

    def _claim_exactly(self, rows: list[Row]) -> None:
        for row in rows:
            if self._first[row.track_id] is row:
                self._claim(row, self._index.named(row))

    def _find_duplicates(self, rows: list[Row]) -> None:
        of_number: dict[str, Row] = {}
        for row in sorted(rows, key=lambda row: row.number not in self._files):
            if (number := number_of(row.track_id)) is not None:
                of_number.setdefault(number, row)
        for row in rows:
            same = self._first[row.track_id]
            alike = of_number.get(number_of(row.track_id) or "", row)
            if same is not row:
                self._duplicate(
                    row, f"row {row.number} has the same id as row {same.number}: give each track its own id"
                )
            elif alike is not row and row.number not in self._files:
                ids = f"{shorten(row.track_id, _SHOWN)!r}, the same number as {shorten(alike.track_id, _SHOWN)!r}"
                self._duplicate(row, f"row {row.number} has the id {ids} of row {alike.number}: give each its own id")

    def _claim_the_rest(self, rows: list[Row]) -> None:
        for row in rows:
            if row.number in self._files or row.number in self._problems:
                continue
            file = self._index.named(row) or self._index.numbered(row, self._rows)
            self._claim(row, file)
            if file is not None and row.number not in self._files:
                other = self._rows[file.path].number
                self._duplicate(row, f"row {row.number} names the same file as row {other}: remove one of the rows")

    def _duplicate(self, row: Row, message: str) -> None:
        self._problems[row.number] = Problem(Stage.JOIN, Reason.DUPLICATE_ID, message)
