"""The tracks that can be recommended, in columns: what filters, caps and people need to know of them."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segue_jobs.records import TrackRecord
from segue_jobs.similarity.arrays import Booleans, Integers, Singles


def normalise_name(name: str) -> str:
    """A name as it is compared: without case, compatibility forms and superfluous blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept of one track beside its vector."""

    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    genres: tuple[str, ...]
    year: float
    """NaN where unknown, as the next two."""
    tempo_bpm: float
    duration_seconds: float
    audio_sha256: str

    @classmethod
    def of(cls, record: TrackRecord) -> Card:
        """Read a stored track."""
        tempo = record.descriptors.get("tempoBpm")
        return cls(
            track_id=record.track_id,
            title=record.metadata.title,
            artist=record.metadata.artist,
            album=record.metadata.album,
            genres=record.metadata.genres,
            year=float("nan") if record.metadata.year is None else float(record.metadata.year),
            tempo_bpm=float(tempo) if isinstance(tempo, int | float) and tempo > 0 else float("nan"),
            duration_seconds=record.audio.duration_seconds,
            audio_sha256=record.audio_sha256,
        )

    @property
    def label(self) -> str:
        """Id with title and artist, as people are shown it."""
        names = " - ".join(name for name in (self.artist, self.title) if name)
        return f"{self.track_id!r} ({names})" if names else repr(self.track_id)


def _numbered(keys: Iterable[str | None]) -> Integers:
    numbers: dict[str, int] = {}
    return np.array([-1 if key is None else numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def _recording(card: Card) -> str | None:
    if not card.title or not card.artist:
        return None
    return f"{normalise_name(card.artist)}\0{normalise_name(card.title)}"


class Tracks:
    """All tracks of a model, one row each, rows in the order of the ids.

    Parameters
    ----------
    cards
        One a track, ordered by id, ids unique.
    clusters
        (n,) cluster of each.
    new
        (n,) true for those that came, or changed, after the model was trained.

    Raises
    ------
    ValueError
        The ids are not in order or not unique.
    """

    def __init__(self, cards: Sequence[Card], clusters: Integers, new: Booleans) -> None:
        self.cards = tuple(cards)
        if any(left.track_id >= right.track_id for left, right in zip(self.cards, self.cards[1:], strict=False)):
            raise ValueError("tracks must be ordered by id, every id once")
        self.row_of: Mapping[str, int] = {card.track_id: row for row, card in enumerate(self.cards)}
        self.clusters = clusters
        self.new = new
        self.years: Singles = np.array([card.year for card in self.cards], dtype=np.float32)
        self.tempos: Singles = np.array([card.tempo_bpm for card in self.cards], dtype=np.float32)
        self.durations: Singles = np.array([card.duration_seconds for card in self.cards], dtype=np.float32)
        self.artists = _numbered(normalise_name(card.artist) if card.artist else None for card in self.cards)
        """Number of each row's artist, -1 where unknown."""
        self._audio = _numbered(card.audio_sha256 or None for card in self.cards)
        self._recordings = _numbered(_recording(card) for card in self.cards)

    def __len__(self) -> int:
        return len(self.cards)

    @cached_property
    def genre_rows(self) -> Mapping[str, Integers]:
        """Normalised genre -> rows that have it."""
        rows: dict[str, list[int]] = {}
        for row, card in enumerate(self.cards):
            for genre in {normalise_name(name) for name in card.genres}:
                rows.setdefault(genre, []).append(row)
        return {genre: np.array(found, dtype=np.intp) for genre, found in rows.items()}

    def identities(self, row: int) -> tuple[tuple[str, int], ...]:
        """What the row shares with its duplicates: the audio, and the title by the artist."""
        codes = (("audio", int(self._audio[row])), ("recording", int(self._recordings[row])))
        return tuple((kind, code) for kind, code in codes if code >= 0)

    def duplicates_of(self, rows: Integers) -> Booleans:
        """Rows with the same audio, or the same title by the same artist, as one of these (themselves included)."""
        mask = np.zeros(len(self), dtype=np.bool_)
        for codes in (self._audio, self._recordings):
            wanted = np.unique(codes[rows])
            mask |= np.isin(codes, wanted[wanted >= 0])
        mask[rows] = True
        return mask

    def suggest(self, text: str, count: int = 3) -> tuple[str, ...]:
        """Tracks whose name holds the text, then ids that look like it, for a mistyped id."""
        wanted = normalise_name(text)
        named = (card for card in self.cards if len(wanted) > 2 and wanted in normalise_name(card.label))
        labels = [card.label for card, _ in zip(named, range(count), strict=False)]
        close = difflib.get_close_matches(text, self.row_of, n=count, cutoff=0.75)
        labels += [self.cards[self.row_of[track_id]].label for track_id in close]
        return tuple(dict.fromkeys(labels))[:count]
