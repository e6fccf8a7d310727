"""Tracks and lists of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from segue_api.wire.common import CatalogueParameter, FilterParameters, Limit, Name, Offset, Words
from segue_core.contract import Family
from segue_core.store.facts import MusicBrainzIds, SortNames


class SearchParameters(FilterParameters, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Words to look for, filters, and which page."""

    q: Words = ""
    """Words that must all occur in id, title, artist, album or genres; case and accents do not matter."""
    limit: Limit = 50
    offset: Offset = 0


class TrackParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One track."""

    id: Name


class SimilarParameters(FilterParameters, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What should be similar to which track."""

    id: Name
    limit: Limit = 20
    artist_cap: Annotated[int, Meta(ge=1, le=500)] = 2
    """At most so many tracks of one artist."""


class PathParameters(CatalogueParameter, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """From which track a journey leads to which."""

    start: Name = ""
    end: Name = ""
    count: Annotated[int, Meta(ge=2, le=100)] = 10


class Track(Struct, frozen=True, kw_only=True, rename="camel"):
    """A track of the catalogue."""

    id: str
    title: str | None
    artist: str | None
    album: str | None
    genres: tuple[str, ...]
    year: int | None
    tempo_bpm: float | None
    duration_seconds: float | None
    """Of the file."""
    length_seconds: float | None
    """Of the track, which a file may be only a clip of; the filter `duration` takes it."""
    length_from: str
    """Where the length is from: file (it is measured) or metadata (the file is a clip)."""
    cluster: int
    new: bool
    """It came after the training, and was placed into the model."""


class TrackPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Tracks that were found, ordered by id."""

    catalogue: str
    model: str
    total: int
    """All that were found, on all pages."""
    offset: int
    tracks: tuple[Track, ...]


class TrackFacts(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the store knows of a track besides; what is unknown is null."""

    suffix: str | None
    """Extension of its file, such as mp3."""
    size: int | None
    """Bytes of its file."""
    bit_rate_kbps: int | None
    """Average, kilobits per second."""
    codec: str
    sample_rate: int
    """Hertz."""
    channels: int
    disc_number: int | None
    track_number: int | None
    album_artist: str | None
    sort: SortNames
    music_brainz: MusicBrainzIds
    isrcs: tuple[str, ...]
    key: str | None
    mode: str | None
    """major or minor."""
    loudness_db: float | None
    """Integrated loudness."""
    added: str | None
    """When it was first extracted, RFC 3339, UTC."""
    audio: bool
    """Whether the service sends its file."""
    cover: bool
    """Whether the service sends its cover."""


class TrackAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """One track and its cluster."""

    catalogue: str
    model: str
    track: Track
    cluster_name: str
    estimated: dict[str, int]
    """What a network says of it: the words that fit best, and how many percent of the catalogue each fits less."""
    facts: TrackFacts | None
    """Null while the database does not answer, or if the track is not stored yet."""


class Reference(Struct, frozen=True, kw_only=True, rename="camel"):
    """A track in few words."""

    id: str
    title: str | None
    artist: str | None


class Hit(Struct, frozen=True, kw_only=True, rename="camel"):
    """One recommended track, and why."""

    rank: int
    """From 1."""
    track: Track
    score: float
    """Mutual proximity, less what dislikes and skips take away; 0 to 1."""
    similarity: float
    """Cosine to the taste, or to the track that was given; -1 to 1."""
    why: dict[Family, float]
    """Each family's share of the similarity; the shares add up to 1."""
    words: str
    """The comparison with ``because`` in words."""
    because: Reference | None
    """The like or play that is nearest; null if the listener has none."""
    source: str
    """What it was found with: long, session, preferences or firstRun."""
    confidence: float
    """For a new track, how well it fits the model; otherwise 1."""


class ListContext(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a client sends back with its events, so that clicks can be counted."""

    model: str
    list: str


class HitList(Struct, frozen=True, kw_only=True, rename="camel"):
    """A list of recommendations."""

    catalogue: str
    context: ListContext
    hits: tuple[Hit, ...]
    tastes: tuple[tuple[str, ...], ...]
    """Ids of the likes and plays, grouped into tastes."""
    dropped: dict[str, int]
    """How many tracks each rule left out."""
    note: str | None
    """Why the list is shorter than requested."""


class Step(Struct, frozen=True, kw_only=True, rename="camel"):
    """One track of a journey."""

    track: Track
    hop: float
    """Cosine distance from the track before; 0 for the first."""
    why: dict[Family, float]
    words: str


class PathAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Tracks that lead from one to another."""

    catalogue: str
    model: str
    steps: tuple[Step, ...]
    largest_hop: float
    note: str | None
