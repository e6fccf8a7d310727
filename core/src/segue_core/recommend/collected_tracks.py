"""Tracks that are being loaded: columns and vectors in the order in which they come, then in the order of their ids.

Nothing is kept as an object a track, and no matrix is copied: the peak of memory is little more than what stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from segue_core.recommend.card import Card
from segue_core.recommend.columns import Identities, RowIndex, TextColumn
from segue_core.recommend.track_names import SharedNames
from segue_core.recommend.track_table import Placed, Tracks, audio_codes, card_columns, placed_columns
from segue_core.recommend.words import UNKNOWN
from segue_core.similarity.arrays import Integers, Singles
from segue_core.similarity.aspects import ASPECTS
from segue_core.similarity.cell_block import reorder
from segue_core.similarity.columns import Column

_FEWEST_MORE, _MOST_MORE = 4096, 65_536
"""Rows by which a matrix grows: a quarter of it, within these bounds."""


class _Matrix:
    """Rows of float32 that grow in their own memory; the C library moves its pages instead of copying them."""

    def __init__(self, width: int) -> None:
        self._memory: Singles = np.empty((0, width), dtype=np.float32)
        self._used = 0

    def append(self, rows: Singles) -> None:
        end = self._used + len(rows)
        if end > len(self._memory):
            self._resize(end + min(max(self._used // 4, _FEWEST_MORE), _MOST_MORE))
        self._memory[self._used : end] = rows
        self._used = end

    def replace(self, places: Integers, rows: Singles) -> None:
        self._memory[places] = rows

    def release(self, order: Integers | None, count: int) -> Singles:
        """The first ``count`` rows in this order."""
        self._resize(self._used)
        if order is not None:
            reorder(self._memory, order)
        self._resize(count)
        return self._memory

    def _resize(self, count: int) -> None:
        # Nothing else refers to the memory: every method copies into it, and `release` is the last one.
        self._memory.resize((count, self._memory.shape[1]), refcheck=False)


class CollectedTracks:
    """What is known of each track, in compact form.

    Parameters
    ----------
    width
        Dimensions of a vector.
    """

    def __init__(self, width: int) -> None:
        self._names = SharedNames()
        self._ids, self._titles = TextColumn.of(()), TextColumn.of(())
        self._columns = {name: Column(values) for name, values in card_columns((), self._names).items()}
        self._audio = Column(audio_codes(()))
        self._vectors, self._aspects = _Matrix(width), _Matrix(len(ASPECTS))

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, cards: Sequence[Card], vectors: Singles, aspects: Singles) -> None:
        """Add tracks with (m, d) unit rows and (m, aspects) values."""
        self._ids = self._ids.extended(card.track_id for card in cards)
        self._titles = self._titles.extended(card.title for card in cards)
        self._learn_words(cards)
        more = card_columns(cards, self._names)
        self._columns = {name: column.extended(more[name]) for name, column in self._columns.items()}
        self._audio = self._audio.extended(audio_codes(cards))
        self._vectors.append(vectors)
        self._aspects.append(aspects)

    def _learn_words(self, cards: Sequence[Card]) -> None:
        """The first track of which words are said decides which words these are."""
        names = next((card.word_names for card in cards if card.word_names), ())
        if names and not self._names.words:
            self._names.words.extend(names)
            unknown = np.full((self._columns["words"].values.shape[0], len(names)), UNKNOWN, dtype=np.uint8)
            self._columns["words"] = Column(unknown)

    def replace(self, places: Sequence[int], vectors: Singles, aspects: Singles) -> None:
        """Give tracks other vectors; places count the tracks in the order in which they were added."""
        self._vectors.replace(np.array(places, dtype=np.intp), vectors)
        self._aspects.replace(np.array(places, dtype=np.intp), aspects)

    def ordered(self, without: Iterable[int] = ()) -> OrderedTracks:
        """All tracks but those at these places, ordered by id; nothing can be added any more.

        Raises
        ------
        ValueError
            Two tracks have one id.
        """
        dropped = np.unique(np.fromiter(without, dtype=np.intp))
        rows = np.setdiff1d(np.arange(len(self)), dropped, assume_unique=True)
        ids = [track_id or "" for track_id in (self._ids.at(rows) if len(dropped) else self._ids)]
        if any(left > right for left, right in pairwise(ids)):
            places = sorted(range(len(ids)), key=ids.__getitem__)
            ids, rows = [ids[place] for place in places], rows[places]
        if any(left == right for left, right in pairwise(ids)):
            raise ValueError("ids must be unique")
        moved = len(dropped) > 0 or bool((np.diff(rows) != 1).any())
        order = np.concatenate((rows, dropped)) if moved else None
        return OrderedTracks(
            ids=ids,
            vectors=self._vectors.release(order, len(rows)),
            aspects=self._aspects.release(order, len(rows)),
            texts=(self._ids.taken(rows), self._titles.taken(rows)) if moved else (self._ids, self._titles),
            columns={name: column.taken(rows) if moved else column for name, column in self._columns.items()},
            audio=self._audio.taken(rows) if moved else self._audio,
            names=self._names,
        )


@dataclass(frozen=True, kw_only=True)
class OrderedTracks:
    """Tracks in the order of their ids."""

    ids: list[str]
    vectors: Singles
    """(n, d)"""
    aspects: Singles
    """(n, aspects)"""
    texts: tuple[TextColumn, TextColumn]
    """Ids and titles."""
    columns: Mapping[str, Column]
    audio: Column
    names: SharedNames

    @property
    def tempos(self) -> Singles:
        """(n,) beats per minute, NaN if unknown."""
        return self.columns["tempo_bpm"].values

    def table(self, placed: Placed) -> Tracks:
        """The table of these tracks, which lie there in the model."""
        ids, titles = self.texts
        places = {name: Column(values) for name, values in placed_columns(placed).items()}
        return Tracks(
            ids=ids,
            titles=titles,
            columns={**self.columns, **places},
            audio=Identities(self.audio),
            row_of=RowIndex(dict(zip(self.ids, range(len(self.ids)), strict=True))),
            names=self.names,
            removed=np.empty(0, dtype=np.intp),
            generation=object(),
        )
