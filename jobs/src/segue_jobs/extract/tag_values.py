"""What tags say, whatever their format: values by field, cleaned and within bounds. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from segue_core.store.facts import MusicBrainzIds, SortNames
from segue_core.store.records import Metadata
from segue_jobs.listing import cells

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "TIT2"),
    "artist": ("artist", "TPE1"),
    "album": ("album", "TALB"),
    "genre": ("genre", "TCON"),
    "date": ("date", "year", "wm/year", "TDRC", "TYER", "originaldate", "originalyear", "TDOR", "TORY"),
    "album_artist": ("albumartist", "album artist", "album_artist", "TPE2"),
    "disc": ("discnumber", "disc", "TPOS"),
    "track": ("tracknumber", "track", "TRCK"),
    "isrc": ("isrc", "TSRC"),
    "sort_title": ("titlesort", "TSOT"),
    "sort_artist": ("artistsort", "TSOP"),
    "sort_album": ("albumsort", "TSOA"),
    "sort_album_artist": ("albumartistsort", "TSO2"),
    "recording": ("musicbrainz_trackid", "UFID:http://musicbrainz.org"),
    "release": ("musicbrainz_albumid", "TXXX:musicbrainz album id"),
    "release_track": ("musicbrainz_releasetrackid", "TXXX:musicbrainz release track id"),
    "release_group": ("musicbrainz_releasegroupid", "TXXX:musicbrainz release group id"),
    "artists": ("musicbrainz_artistid", "TXXX:musicbrainz artist id"),
    "album_artists": ("musicbrainz_albumartistid", "TXXX:musicbrainz album artist id"),
}
"""Field -> its names as Vorbis comment, as APE or other tag (in lower case), and as ID3 frame, best first."""


def metadata_of(found: Mapping[str, Sequence[str]]) -> Metadata:
    """The metadata in values by name."""
    values = {field: _values(found, names) for field, names in _FIELDS.items()}
    return Metadata(
        title=_name(values["title"]),
        artist=_all(values["artist"]) or _all(values["album_artist"]),
        album=_name(values["album"]),
        genres=cells.distinct(part for value in values["genre"] for part in cells.genres(value)),
        year=next(filter(None, (cells.year(date) for name in _FIELDS["date"] for date in found.get(name, ()))), None),
        album_artist=_all(values["album_artist"]),
        disc_number=cells.count(next(iter(values["disc"]), "")),
        track_number=cells.count(next(iter(values["track"]), "")),
        sort=SortNames(
            title=_name(values["sort_title"]),
            artist=_name(values["sort_artist"]),
            album=_name(values["sort_album"]),
            album_artist=_name(values["sort_album_artist"]),
        ),
        music_brainz=MusicBrainzIds(
            recording=_identifier(values["recording"]),
            release=_identifier(values["release"]),
            release_track=_identifier(values["release_track"]),
            release_group=_identifier(values["release_group"]),
            artists=cells.music_brainz_ids(" ".join(values["artists"])),
            album_artists=cells.music_brainz_ids(" ".join(values["album_artists"])),
        ),
        isrcs=cells.isrcs(" ".join(values["isrc"])),
    )


def _values(found: Mapping[str, Sequence[str]], names: Iterable[str]) -> Sequence[str]:
    return next((found[name] for name in names if found.get(name)), ())


def _name(values: Iterable[str]) -> str | None:
    return next(filter(None, map(cells.name, values)), None)


def _all(values: Iterable[str]) -> str | None:
    """Several names in one line, as in a CSV."""
    return cells.name(", ".join(dict.fromkeys(filter(None, map(cells.name, values)))))


def _identifier(values: Iterable[str]) -> str | None:
    return next(iter(cells.music_brainz_ids(" ".join(values))), None)
