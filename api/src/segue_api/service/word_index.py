"""Which texts have a word that contains some letters: each different word is looked at once, however many have it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Self

import numpy as np

from segue_core.similarity.arrays import Booleans, Compact, Integers

_BETWEEN = b"\n"
"""Between two words; it occurs in none."""


class WordIndex:
    """The different words of some texts, and the texts that have each; immutable.

    Parameters
    ----------
    words
        All different words in UTF-8, each followed by a line feed.
    starts
        (w + 1,) where the texts of each word begin in ``texts``.
    texts
        Numbers of the texts that have each word, word by word.
    count
        Number of texts.
    """

    def __init__(self, words: bytes, starts: Integers, texts: Compact, count: int) -> None:
        self._letters = np.frombuffer(words, dtype=np.uint8)
        self._ends = np.flatnonzero(self._letters == _BETWEEN[0])
        self._starts = starts
        self._texts = texts
        self._count = count

    def __len__(self) -> int:
        return self._count

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Split texts into words at white space."""
        numbers: dict[str, int] = {}
        said, lengths = array("i"), array("i")
        for text in texts:
            words = text.split()
            said.extend([numbers.setdefault(word, len(numbers)) for word in words])
            lengths.append(len(words))
        word_of = np.frombuffer(said, dtype=np.int32) if said else np.empty(0, dtype=np.int32)
        text_of = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        order = np.argsort(word_of, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(word_of, minlength=len(numbers)))))
        joined = b"".join(word.encode("utf-8", "surrogatepass") + _BETWEEN for word in numbers)
        return cls(joined, starts, text_of[order], len(lengths))

    def having(self, part: str) -> Booleans:
        """Which texts have a word that contains these letters, which are not empty and without white space; (n,)."""
        words = self._words_with(part.encode("utf-8", "surrogatepass"))
        first, lengths = self._starts[words], self._starts[words + 1] - self._starts[words]
        places = np.arange(int(lengths.sum())) + np.repeat(first - (np.cumsum(lengths) - lengths), lengths)
        found: Booleans = np.zeros(self._count, dtype=np.bool_)
        found[self._texts[places]] = True
        return found

    def _words_with(self, part: bytes) -> Integers:
        """Ascending numbers of the words."""
        places = np.flatnonzero(self._letters == part[0])
        for offset, letter in enumerate(part[1:], 1):
            # The last letter is a line feed, which no part has: what has matched so far is followed by another letter.
            places = places[self._letters[places + offset] == letter]
        words = np.searchsorted(self._ends, places)
        return words[np.diff(words, prepend=-1) > 0]
