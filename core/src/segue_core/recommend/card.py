"""What is known about a track besides its vector."""

from __future__ import annotations

from dataclasses import dataclass

from segue_core.recommend.track_length import LengthSource, track_length
from segue_core.recommend.track_names import identity
from segue_core.recommend.words import shared_names, to_bytes
from segue_core.store.records import TrackRecord
from segue_core.store.titles import file_title


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept about a track besides its vector."""

    track_id: str
    title: str | None
    """Of a track without one, the name of its file."""
    artist: str | None
    album: str | None
    genres: tuple[str, ...]
    year: float
    """NaN if unknown, like the other numbers."""
    tempo_bpm: float
    duration_seconds: float
    """Of the file."""
    audio: int
    """`identity` of the audio's SHA-256; 0 if unknown."""
    loudness_db: float = float("nan")
    length_seconds: float = float("nan")
    """Of the whole track, where the file is a clip of it and the metadata says how long it is."""
    word_names: tuple[str, ...] = ()
    words: bytes = b""
    """What a network says: a byte for each of `word_names`, see `words.to_bytes`."""

    @classmethod
    def of(cls, record: TrackRecord) -> Card:
        """Read a stored track."""
        tempo, loudness = record.descriptors.get("tempoBpm"), record.descriptors.get("loudnessDb")
        length, source = track_length(record.audio.duration_seconds, record.metadata.duration_seconds)
        return cls(
            track_id=record.track_id,
            title=record.metadata.title or file_title(record.path),
            artist=record.metadata.artist,
            album=record.metadata.album,
            genres=record.metadata.genres,
            year=float("nan") if record.metadata.year is None else float(record.metadata.year),
            tempo_bpm=float(tempo) if isinstance(tempo, int | float) and tempo > 0 else float("nan"),
            duration_seconds=record.audio.duration_seconds,
            audio=identity(record.audio_sha256),
            loudness_db=float(loudness) if isinstance(loudness, int | float) else float("nan"),
            length_seconds=length if source is LengthSource.METADATA else float("nan"),
            word_names=shared_names(tuple(record.words)),
            words=to_bytes(record.words),
        )

    @property
    def label(self) -> str:
        """Id, artist and title, for people."""
        names = " - ".join(name for name in (self.artist, self.title) if name)
        return f"{self.track_id!r} ({names})" if names else repr(self.track_id)
