"""Text on a picture: in fonts that have its letters, and no wider than its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from segue_core.contract.wording import shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_FAMILIES = ("DejaVu Sans",)
_LIKELY = ("noto sans", "noto", "cjk", "gothic", "hei", "han", "droid", "arab", "symbol", "unifont", "arial")
"""Parts of names of fonts that have many letters, the most likely first."""
_PLACEHOLDERS = "Last Resort"
"""A font of matplotlib's with a box for every letter, which says no more than `_UNKNOWN`."""
_TRIED = 80
"""Fonts that are opened at most."""
_UNKNOWN = "\N{WHITE SQUARE}"


class Lettering:
    """Fonts for some texts: the usual one, and of this machine's others those that have what it lacks.

    Parameters
    ----------
    texts
        Everything that will be written.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        wanted = {ord(character) for text in texts for character in text if not character.isspace()}
        self.families: list[str] = []
        self._missing: set[int] = wanted
        for family in _FAMILIES:
            self._add(family, None)
        for family, path in _fonts() if self._missing else ():
            self._add(family, path)

    def _add(self, family: str, path: str | None) -> None:
        from matplotlib.font_manager import findfont

        found = _letters(path or findfont(family)) & self._missing
        if found or path is None:
            self.families.append(family)
            self._missing -= found

    @property
    def lacks_letters(self) -> bool:
        """Whether no font has some of the letters."""
        return bool(self._missing)

    def drawable(self, text: str) -> str:
        """The text with a square for each letter that no font has; ``$`` does not begin mathematics."""
        shown = "".join(_UNKNOWN if ord(character) in self._missing else character for character in text)
        return shown.replace("$", r"\$")

    def write(self, figure: Figure, place: tuple[float, float], text: str, *, width: float, **style: Any) -> Text:
        """Write a text that ends within its width.

        Parameters
        ----------
        place, width
            In shares of the figure.
        """
        made = figure.text(*place, self.drawable(text), fontfamily=self.families, **style)
        room = width * figure.bbox.width
        longest, shortest = len(text), 1
        if made.get_window_extent().width <= room:
            return made
        while longest - shortest > 1:
            length = (longest + shortest) // 2
            made.set_text(self.drawable(shorten(text, length)))
            fits = made.get_window_extent().width <= room
            longest, shortest = (longest, length) if fits else (length, shortest)
        made.set_text(self.drawable(shorten(text, shortest)))
        return made


def _fonts() -> Sequence[tuple[str, str]]:
    """Name and file of the machine's other fonts, those with many letters first."""
    from matplotlib.font_manager import fontManager

    fonts = [entry for entry in fontManager.ttflist if not entry.name.startswith(_PLACEHOLDERS)]
    found = {entry.name: entry.fname for entry in fonts if entry.style == "normal"}
    ranked = sorted(found.items(), key=lambda item: (_rank(item[0]), len(item[0]), item[0]))
    return ranked[:_TRIED]


def _rank(name: str) -> int:
    return next((place for place, part in enumerate(_LIKELY) if part in name.lower()), len(_LIKELY))


def _letters(path: str) -> set[int]:
    """Code points that a font draws; none if it cannot be used in every size, as fonts of coloured emoji."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
        return set(font.get_charmap()) if font.scalable else set()
    except (RuntimeError, OSError):
        return set()
