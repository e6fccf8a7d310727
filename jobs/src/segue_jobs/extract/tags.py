"""Tags inside an audio file: metadata and cover, read within bounds."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import mutagen
from mutagen.flac import FLAC
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis

from segue_core.contract.wording import shorten
from segue_core.store.facts import Cover
from segue_core.store.records import Metadata
from segue_jobs.extract.ape_tags import read_ape
from segue_jobs.extract.asf_tags import ASF_MAGIC, read_asf
from segue_jobs.extract.bounded_file import MAXIMUM_BYTES, BoundedFile
from segue_jobs.extract.chunks import find_chunk
from segue_jobs.extract.container_tags import read_container_tags
from segue_jobs.extract.container_values import ContainerTags
from segue_jobs.extract.id3 import Id3, genres_of, read_id3, read_id3v1
from segue_jobs.extract.mp4_tags import read_mp4
from segue_jobs.extract.payload import untagged_range
from segue_jobs.extract.pictures import embedded_cover, ogg_cover
from segue_jobs.extract.tag_values import metadata_of
from segue_jobs.listing.track_ids import printable

logger = logging.getLogger(__name__)

_OGG = (OggVorbis, OggOpus, OggFLAC, OggSpeex)
_MAXIMUM_COMMENTS = 10_000
_BESIDE_PICTURES = 1 << 20
"""Bytes of a FLAC file's other metadata, within which its pictures are looked for."""


@dataclass(frozen=True)
class Tags:
    """What the tags of a file say."""

    metadata: Metadata = Metadata()
    cover: Cover | None = None
    """A picture among them."""


def read_tags(path: Path) -> Tags:
    """The tags; empty if they cannot be read or are larger than any that people write: the audio may still be good."""
    try:
        begin, end = untagged_range(path)
        with path.open("rb") as file:
            return _read(file, begin, end)
    except Exception as error:  # noqa: BLE001 - on damaged tags, mutagen raises all kinds of errors
        logger.warning("cannot read tags", extra={"path": printable(str(path)), "error": shorten(str(error), 200)})
        return Tags()


def _read(file: BinaryIO, begin: int, end: int) -> Tags:
    """Tags of a file whose audio, or container, lies between two positions."""
    bounded = BoundedFile(file)
    bounded.seek(begin)
    magic = bounded.read(12)
    if magic.startswith(b"fLaC"):
        return _flac(file, begin)
    if magic.startswith(b"OggS"):
        bounded.seek(0)
        found = mutagen.File(bounded, options=_OGG)
        return Tags(metadata_of(_comments(found.tags if found is not None else None)), ogg_cover(file, begin))
    chunk = find_chunk(bounded, begin, end, magic)
    tags: Id3 | ContainerTags = read_id3(bounded, 0 if chunk is None else chunk)
    if not tags.texts and (reader := _of_containers(magic)):
        tags = reader(bounded, begin, end)
    texts = tags.texts or read_ape(bounded) or read_container_tags(file).texts
    if not texts and chunk is None:
        texts = read_id3v1(bounded, bounded.seek(0, os.SEEK_END)).texts
    values = {**texts, "TCON": genres_of(texts.get("TCON", []))}
    return Tags(metadata_of(values), embedded_cover(tags.pictures, tags.raw, tags.begin))


def _of_containers(magic: bytes) -> Callable[[BoundedFile, int, int], ContainerTags] | None:
    """What reads the tags of a container that begins like this; None for others."""
    if magic[4:8] == b"ftyp":
        return read_mp4
    return read_asf if magic.startswith(ASF_MAGIC) else None


def _flac(file: BinaryIO, begin: int) -> Tags:
    file.seek(0)
    found = FLAC(BoundedFile(file))  # type: ignore[no-untyped-call]
    pictures = [(int(picture.type), bytes(picture.data)) for picture in found.pictures]
    cover = None
    if pictures:
        file.seek(begin)
        size = sum(len(picture) for _, picture in pictures) + _BESIDE_PICTURES
        cover = embedded_cover(pictures, file.read(min(size, MAXIMUM_BYTES)), begin)
    return Tags(metadata_of(_comments(found.tags)), cover)


def _comments(tags: Any) -> Mapping[str, Sequence[str]]:
    """Vorbis comments by their names in lower case."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in islice(tags or (), _MAXIMUM_COMMENTS):
        found[name.lower()].append(value)
    return found
