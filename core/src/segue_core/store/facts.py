"""What a track's record says about its file and its release, each field within bounds: tags are written by anybody.

All of it is optional. A record from before these fields has none of them, and a reader from before them ignores them,
so the schema version stays the same.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

MAXIMUM_PATH_BYTES = 4096
"""Linux opens no longer path."""
MAXIMUM_COVER_BYTES = 16 << 20
MAXIMUM_NUMBER = 9999
"""Of a disc or a track."""
MAXIMUM_NAMES = 20
"""Artists' identifiers, ISRCs."""

Words = Annotated[str, Meta(max_length=2000)]
Count = Annotated[int, Meta(ge=1, le=MAXIMUM_NUMBER)]
Bytes = Annotated[int, Meta(ge=0, le=2**62)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
MusicBrainzId = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Isrc = Annotated[str, Meta(pattern="^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$")]
PathBytes = Annotated[bytes, Meta(min_length=1, max_length=MAXIMUM_PATH_BYTES)]
"""Base64 in JSON and in MongoDB."""
PictureType = Literal["image/jpeg", "image/png", "image/webp", "image/gif"]
MAGIC_BYTES = 12
"""How much of a picture tells its kind."""
_MAGIC: tuple[tuple[bytes, PictureType], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def picture_type(beginning: bytes) -> PictureType | None:
    """Kind of a picture by its first bytes; None for anything that browsers may not show."""
    if beginning[:4] == b"RIFF" and beginning[8:MAGIC_BYTES] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if beginning.startswith(magic)), None)


class SortNames(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Names as lists are sorted by: ``Beatles, The``."""

    title: Words | None = None
    artist: Words | None = None
    album: Words | None = None
    album_artist: Words | None = None


class MusicBrainzIds(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Identifiers at https://musicbrainz.org."""

    recording: MusicBrainzId | None = None
    release: MusicBrainzId | None = None
    release_track: MusicBrainzId | None = None
    release_group: MusicBrainzId | None = None
    artists: Annotated[tuple[MusicBrainzId, ...], Meta(max_length=MAXIMUM_NAMES)] = ()
    album_artists: Annotated[tuple[MusicBrainzId, ...], Meta(max_length=MAXIMUM_NAMES)] = ()


class Root(Struct, frozen=True, kw_only=True, rename="camel"):
    """The audio folder of a batch: a folder in a volume."""

    volume: Annotated[str, Meta(min_length=1, max_length=2048)]
    """``persistentVolumeClaim/<namespace>/<claim>``, or ``hostPath/<path without the first slash>``."""
    folder: Annotated[str, Meta(max_length=1024)] = "."


class Cover(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where a track's cover is: a file beside the track's, or a part of that file itself."""

    media_type: PictureType
    name: Annotated[bytes, Meta(min_length=1, max_length=255)] | None = None
    """Of the file beside the track's; None if the cover is embedded."""
    offset: Bytes = 0
    """First byte of an embedded cover."""
    size: Annotated[int, Meta(ge=0, le=MAXIMUM_COVER_BYTES)] = 0
    """Bytes of an embedded cover."""
    inside: Literal["ogg"] | None = None
    """What these bytes are, if not the picture itself: the headers of an Ogg file, which has it in pieces."""
    sha256: Sha256 | None = None
    """Of an embedded picture: after the file was retagged, other bytes may be at its place."""


class FileFacts(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The file that a track was made from, so that it can be opened again."""

    path: PathBytes
    """Relative to the root, exactly as the file system has it; a record's own ``path`` is for people."""
    root: Root | None = None
    size: Bytes
    suffix: Annotated[str, Meta(max_length=16)]
    """Lower-case extension without its dot."""
    bit_rate_kbps: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    """Average of the audio without its tags, kilobits per second."""
    cover: Cover | None = None
    stamp: Annotated[str, Meta(max_length=100)] | None = None
    """Size, time of the last change and inode: while it is the same, the file is not read again. None if the file
    changed while it was read, or so shortly before that another change might have left the same time."""
