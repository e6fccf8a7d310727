"""A version's own vectors: the tracks that it was trained on, in the model's space.

They make a version complete: it can be served and compared after its tracks were extracted again with another recipe.
A document of collection ``model_vectors`` holds a chunk of rows as little-endian float32 and is named by its first
track, so that a task of the training that is repeated replaces what it wrote before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from msgspec import Struct, ValidationError, convert

from segue_core.store.database import Collection, Database, Document
from segue_core.store.models import ModelDocument
from segue_core.store.unreadable import UnreadableDocumentError

_CHUNK_TRACKS = 2000
_CHUNK_BYTES = 4 << 20
"""Rows of a chunk; with 2,000 ids of at most 512 characters, a document stays below MongoDB's limit of 16 MB."""
_BATCH = 4
_FLOAT = np.dtype("<f4")

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class VectorBlock:
    """Some tracks of a version."""

    track_ids: tuple[str, ...]
    rows: Singles
    """(n, d) unit rows."""
    norms: Singles
    """(n,) length of each row before it was scaled to 1; `similarity.scaling.Scaling.restore` takes it back."""


class _Chunk(Struct, frozen=True, kw_only=True, rename="camel"):
    track_ids: tuple[str, ...]
    rows: bytes
    norms: bytes


def write_vectors(target: Database, model: str, block: VectorBlock) -> int:
    """Write a block in chunks, replacing those of the same names; return the number of chunks."""
    size = min(_CHUNK_TRACKS, max(1, _CHUNK_BYTES // (_FLOAT.itemsize * max(1, block.rows.shape[1]))))
    starts = range(0, len(block.track_ids), size)
    for start in starts:
        part = slice(start, start + size)
        track_ids = list(block.track_ids[part])
        chunk = {
            "model": model,
            "trackIds": track_ids,
            "tracks": len(track_ids),
            "rows": block.rows[part].astype(_FLOAT).tobytes(),
            "norms": block.norms[part].astype(_FLOAT).tobytes(),
        }
        target[Collection.MODEL_VECTORS].replace_one({"_id": f"{model}:{track_ids[0]}"}, chunk, upsert=True)
    return len(starts)


@dataclass(frozen=True)
class Stored:
    """How much of a version is stored."""

    chunks: int
    tracks: int


def count_vectors(target: Database, model: str) -> Stored:
    """Count the chunks and tracks that are stored under a version's key."""
    counts = [int(entry["tracks"]) for entry in target[Collection.MODEL_VECTORS].find({"model": model}, ["tracks"])]
    return Stored(len(counts), sum(counts))


def read_vectors(target: Database, model: ModelDocument) -> Iterator[VectorBlock]:
    """All vectors of a version, chunk by chunk and in any order; none for a version that has no chunks.

    Raises
    ------
    UnreadableDocumentError
        A chunk is damaged or missing, or a track is in two.
    """
    if not model.vector_chunks:
        return
    chunks, seen = 0, set[str]()
    for document in target[Collection.MODEL_VECTORS].find({"model": model.key}, batch_size=_BATCH):
        block = _decode(document, model.width)
        chunks += 1
        seen.update(block.track_ids)
        yield block
    if (chunks, len(seen)) != (model.vector_chunks, model.tracks):
        raise UnreadableDocumentError(
            f"the vectors of model {model.key!r}",
            f"there are {chunks} chunks with {len(seen)} tracks, but {model.vector_chunks} with {model.tracks} "
            "were written",
        )


def _decode(document: Document, dimensions: int) -> VectorBlock:
    name = f"vectors {str(document['_id'])!r}"
    try:
        chunk = convert(document, _Chunk, builtin_types=(bytes,))
    except ValidationError as error:
        raise UnreadableDocumentError(name, str(error)) from error
    count = len(chunk.track_ids)
    if (len(chunk.rows), len(chunk.norms)) != (count * dimensions * _FLOAT.itemsize, count * _FLOAT.itemsize):
        raise UnreadableDocumentError(
            name, f"{len(chunk.rows)} bytes are not {count} rows of {dimensions} dimensions, or norms are missing"
        )
    rows = np.frombuffer(chunk.rows, dtype=_FLOAT).reshape(count, dimensions).astype(np.float32)
    norms = np.frombuffer(chunk.norms, dtype=_FLOAT).astype(np.float32)
    if not (np.isfinite(rows).all() and np.isfinite(norms).all()):
        raise UnreadableDocumentError(name, "a number is not finite")
    return VectorBlock(chunk.track_ids, rows, norms)


def delete_vectors(target: Database, model: str) -> int:
    """Delete what was written under a version's key; return the number of chunks."""
    return target[Collection.MODEL_VECTORS].delete_many({"model": model}).deleted_count
