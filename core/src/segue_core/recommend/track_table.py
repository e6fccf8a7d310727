"""The tracks that can be recommended, in columns: what filters, caps and people need to know about them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from segue_core.recommend.card import Card
from segue_core.recommend.columns import Identities, RowIndex, TextColumn
from segue_core.recommend.track_length import LengthSource
from segue_core.recommend.track_names import SharedNames
from segue_core.recommend.words import UNKNOWN, Bytes, column_of, estimates
from segue_core.similarity.arrays import Booleans, Compact, Integers, Singles
from segue_core.similarity.columns import Column


class _Cards(Sequence[Card]):
    """Rows as cards, made when they are asked for."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks

    def __len__(self) -> int:
        return len(self._tracks)

    @overload
    def __getitem__(self, row: int) -> Card: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Card]: ...
    def __getitem__(self, row: int | slice) -> Card | Sequence[Card]:
        if isinstance(row, slice):
            return [self._tracks.card(one) for one in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        return self._tracks.card(int(row) % len(self))


_CODES = ("artist", "normalised_artist", "album", "genres")
_NUMBERS = ("year", "tempo_bpm", "duration_seconds", "loudness_db", "length_seconds")
COLUMNS = (*_CODES, *_NUMBERS, "words", "cluster", "new", "confidence")


class Label(NamedTuple):
    """What people call a track; the first fields of a `Card`."""

    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    genres: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """Where tracks lie in a model; one entry per track."""

    clusters: Integers
    new: Booleans
    """True for tracks that arrived or changed after the training."""
    confidence: Singles
    """See `answer.Hit.confidence`."""


def card_columns(cards: Sequence[Card], names: SharedNames) -> dict[str, NDArray[np.generic]]:
    """Numbers of the shared names, and numbers, by the name of their column."""
    codes = np.array([names.number(card.artist, card.album, card.genres) for card in cards], dtype=np.int32)
    columns: dict[str, NDArray[np.generic]] = dict(zip(_CODES, codes.reshape(-1, len(_CODES)).T.copy(), strict=True))
    for name in _NUMBERS:
        columns[name] = np.array([getattr(card, name) for card in cards], dtype=np.float32)
    columns["words"] = column_of(((card.word_names, card.words) for card in cards), names.words)
    return columns


def placed_columns(placed: Placed) -> dict[str, NDArray[np.generic]]:
    """The other columns."""
    return {
        "cluster": placed.clusters.astype(np.int32),
        "new": placed.new.astype(np.bool_),
        "confidence": placed.confidence.astype(np.float32),
    }


def audio_codes(cards: Iterable[Card]) -> NDArray[np.uint64]:
    """(n,) what tracks with the same audio share."""
    return np.array([card.audio for card in cards], dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class Tracks:
    """All tracks of a model, one row each: those that were loaded, in the order of their ids, then later ones."""

    ids: TextColumn
    titles: TextColumn
    columns: Mapping[str, Column]
    """By the names of `COLUMNS`."""
    audio: Identities
    """Rows by their audio."""
    row_of: RowIndex
    """Id -> row."""
    names: SharedNames
    removed: Integers
    """Ascending rows whose track was removed or replaced."""
    generation: object
    """The same object in all versions whose rows mean the same tracks."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def count(self) -> int:
        """Number of tracks; `len` also counts the rows of removed ones."""
        return len(self.row_of)

    def card(self, row: int) -> Card:
        """What is kept about the row's track."""
        return self.cards_of(np.array([row], dtype=np.intp))[0]

    def has(self, card: Card) -> bool:
        """Whether the card's track is there and exactly like it, in the precision of the columns."""
        row = self.row_of.get(card.track_id)
        numbers: dict[str, Any] = {name: float(np.float32(getattr(card, name))) for name in _NUMBERS}
        if card.word_names != tuple(self.names.words):
            numbers |= {"word_names": (), "words": b""}
        # NaN stands for what is unknown, and is not equal to itself; its text is.
        return row is not None and repr(self.card(row)) == repr(replace(card, **numbers))

    def cards_of(self, rows: Integers) -> list[Card]:
        """What is kept about the rows' tracks."""
        columns = [self.audio.codes, *(self.columns[name].values for name in _NUMBERS)]
        numbers = zip(*(column[rows].tolist() for column in columns), strict=True)
        said = map(self._said, self.words[rows])
        return [
            Card(*label, audio=audio, word_names=names, words=words, **dict(zip(_NUMBERS, values, strict=True)))
            for label, (audio, *values), (names, words) in zip(self.labels_of(rows), numbers, said, strict=True)
        ]

    def _said(self, words: Bytes) -> tuple[tuple[str, ...], bytes]:
        """What a network says of a track, as its card has it."""
        is_silent = not len(words) or bool((words == UNKNOWN).all())
        return ((), b"") if is_silent else (tuple(self.names.words), words.tobytes())

    def labels_of(self, rows: Integers) -> list[Label]:
        """What people call the rows' tracks."""
        artist, album, genres = (self.columns[name].values[rows].tolist() for name in ("artist", "album", "genres"))
        return [
            Label(
                track_id,
                title,
                self.names.artists[artist[place]] if artist[place] >= 0 else None,
                self.names.albums[album[place]] if album[place] >= 0 else None,
                self.names.genres[genres[place]],
            )
            for place, (track_id, title) in enumerate(zip(self.ids_of(rows), self.titles.at(rows), strict=True))
        ]

    def ids_of(self, rows: Integers) -> list[str]:
        """Ids of the rows' tracks."""
        return [track_id or "" for track_id in self.ids.at(rows)]

    @property
    def cards(self) -> Sequence[Card]:
        """All rows as cards."""
        return _Cards(self)

    @property
    def clusters(self) -> Compact:
        """(n,) cluster of each row."""
        return self.columns["cluster"].values

    @cached_property
    def cluster_sizes(self) -> Integers:
        """Number of each cluster's rows, those of removed tracks included; up to the last cluster that has any."""
        return np.bincount(self.clusters)

    @property
    def new(self) -> Booleans:
        """(n,) true for tracks that arrived or changed after the training."""
        return self.columns["new"].values

    @property
    def confidence(self) -> Singles:
        """(n,) see `answer.Hit.confidence`."""
        return self.columns["confidence"].values

    @property
    def years(self) -> Singles:
        """(n,) NaN if unknown, like the other numbers."""
        return self.columns["year"].values

    @property
    def tempos(self) -> Singles:
        """(n,) beats per minute."""
        return self.columns["tempo_bpm"].values

    @property
    def durations(self) -> Singles:
        """(n,) seconds of the file."""
        return self.columns["duration_seconds"].values

    @property
    def lengths(self) -> Singles:
        """(n,) seconds of the whole track, where its file is a clip; otherwise of the file."""
        stated = self.columns["length_seconds"].values
        return np.where(np.isnan(stated), self.durations, stated)

    def lengths_of(self, rows: Integers) -> list[tuple[float, LengthSource]]:
        """Seconds of the rows' tracks, and where they come from."""
        measured, stated = self.durations[rows].tolist(), self.columns["length_seconds"].values[rows].tolist()
        return [
            (file, LengthSource.FILE) if math.isnan(metadata) else (metadata, LengthSource.METADATA)
            for file, metadata in zip(measured, stated, strict=True)
        ]

    @property
    def loudness(self) -> Singles:
        """(n,) decibels."""
        return self.columns["loudness_db"].values

    @property
    def words(self) -> Bytes:
        """(n, words) what a network says, see `words.to_bytes`; ``names.words`` names the columns."""
        return self.columns["words"].values

    def estimates(self, row: int, count: int = 5) -> dict[str, int]:
        """What a network says of the row's track: the words that fit best, with their ranks in the catalogue."""
        return estimates(self.words, self.names.words, self.removed, row, count)

    @property
    def artists(self) -> Compact:
        """(n,) number of each row's artist, -1 if unknown; the same for spellings that differ in case only."""
        return self.columns["normalised_artist"].values

    @property
    def genres(self) -> Compact:
        """(n,) number of each row's list of genres."""
        return self.columns["genres"].values

    @property
    def albums(self) -> Compact:
        """(n,) number of each row's album, -1 if unknown."""
        return self.columns["album"].values

    @property
    def present(self) -> Integers:
        """Ascending rows of the tracks that have not been removed."""
        mask = np.ones(len(self), dtype=np.bool_)
        mask[self.removed] = False
        return np.flatnonzero(mask)

    def duplicates_of(self, rows: Integers) -> Integers:
        """Rows with the same audio as one of these rows, and these rows themselves."""
        return np.unique(np.concatenate((rows, self.audio.rows_with(self.audio.codes[rows]))))

    def same_rows(self, later: Tracks) -> bool:
        """Whether this table's rows mean the same tracks in a later version of it."""
        return self.generation is later.generation

    def changed(self, cards: Sequence[Card], placed: Placed, removed: Collection[str]) -> Tracks:
        """A table with these cards in rows behind its own, instead of rows of the same id, and without some ids."""
        gone = [self.row_of[one] for one in {*removed, *(card.track_id for card in cards)} if one in self.row_of]
        more = card_columns(cards, self.names) | placed_columns(placed)
        rows = [(card.track_id, len(self) + place) for place, card in enumerate(cards)]
        return replace(
            self,
            ids=self.ids.extended(card.track_id for card in cards),
            titles=self.titles.extended(card.title for card in cards),
            columns={name: column.extended(more[name]) for name, column in self.columns.items()},
            audio=self.audio.extended(audio_codes(cards)),
            row_of=self.row_of.changed(rows, removed),
            removed=np.union1d(self.removed, np.array(gone, dtype=np.intp)),
        )

    def without_removed(self) -> Tracks:
        """A table of the present rows alone: rows have other numbers."""
        rows = self.present
        return replace(
            self,
            ids=self.ids.taken(rows),
            titles=self.titles.taken(rows),
            columns={name: column.taken(rows) for name, column in self.columns.items()},
            audio=self.audio.taken(rows),
            row_of=self.row_of.renumbered(rows),
            removed=np.empty(0, dtype=np.intp),
            generation=object(),
        )
