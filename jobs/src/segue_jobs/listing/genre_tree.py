"""FMA's genres: a tree in ``genres.csv``. A track of a genre is also one of every genre above it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from segue_jobs.listing import cells
from segue_jobs.listing.csv_file import open_csv

_COLUMNS = ("genre_id", "title", "parent")
_MAXIMUM_HEIGHT = 20
"""FMA's tree has 5 levels."""


@dataclass(frozen=True)
class GenreTree:
    """Titles and parents of genres, by number."""

    titles: Mapping[str, str]
    parents: Mapping[str, str]
    numbers: Mapping[str, str]
    """By title, as far as it is unique."""

    @classmethod
    def beside(cls, path: Path) -> GenreTree:
        """The tree in the ``genres.csv`` of a metadata file's folder; an empty one if there is none.

        Raises
        ------
        ConfigurationError
            The file is there, but cannot be read as a CSV.
        """
        file = path.with_name("genres.csv")
        if not file.is_file():
            return _EMPTY
        csv = open_csv(file)
        columns = {name: position for name, position in csv.positions.items() if name in _COLUMNS}
        if not {"genre_id", "title"} <= set(columns):
            return _EMPTY
        titles, parents = dict[str, str](), dict[str, str]()
        for row in csv.rows(columns, header_rows=1):
            number = row.cells["genre_id"].strip()
            titles[number] = row.cells["title"]
            parents[number] = row.cells.get("parent", "").strip()
        numbers: dict[str, str] = {}
        for number, title in titles.items():
            numbers.setdefault(cells.text(title) or "", number)
        return cls(titles, parents, numbers)

    def of_numbers(self, numbers: Iterable[object], *, first: str = "") -> tuple[str, ...]:
        """Titles of these genres, then of those above them, the nearest first.

        Parameters
        ----------
        first
            Title that comes before all others.
        """
        known = [number for number in map(str, numbers) if number in self.titles]
        return cells.distinct((first, *(self.titles[number] for number in (*known, *self._above(known)))))

    def of_titles(self, titles: Iterable[str]) -> tuple[str, ...]:
        """These genres, then those above them."""
        given = tuple(titles)
        known = [self.numbers[title] for title in given if title in self.numbers]
        return cells.distinct((*given, *(self.titles[number] for number in self._above(known))))

    def _above(self, numbers: list[str]) -> Iterator[str]:
        """Every genre above these, once, level by level; a cycle ends where it closes."""
        seen, level = set(numbers), numbers
        for _ in range(_MAXIMUM_HEIGHT):
            parents = (self.parents.get(number, "") for number in level)
            level = list(dict.fromkeys(one for one in parents if one in self.titles and one not in seen))
            if not level:
                return
            seen.update(level)
            yield from level


_EMPTY = GenreTree({}, {}, {})
