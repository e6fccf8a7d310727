"""Writing, reading and deleting a version's own vectors, in a real database."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from segue_core.store import vectors
from segue_core.store.database import Collection, Database, Document
from segue_core.store.models import ModelDocument
from segue_core.store.unreadable import UnreadableDocumentError
from segue_core.store.vectors import VectorBlock, count_vectors, delete_vectors, read_vectors, write_vectors
from support.synthetic_model import unit_rows
from support.trained_model import model_document

TRACKS, DIMENSIONS = 25, 1


def block(first: int, last: int) -> VectorBlock:
    rows, norms = unit_rows(TRACKS, DIMENSIONS), np.linspace(1, 9, TRACKS, dtype=np.float32)
    return VectorBlock(tuple(f"{row:03d}" for row in range(first, last)), rows[first:last], norms[first:last])


def model(chunks: int, tracks: int = TRACKS) -> ModelDocument:
    return model_document(1, tracks=tracks, vector_chunks=chunks)


def read(target: Database, document: ModelDocument) -> VectorBlock:
    found = list(read_vectors(target, document))
    ids = [track_id for part in found for track_id in part.track_ids]
    order = np.argsort(ids)
    return VectorBlock(
        tuple(np.array(ids)[order].tolist()),
        np.concatenate([part.rows for part in found])[order],
        np.concatenate([part.norms for part in found])[order],
    )


@pytest.fixture
def stored(target: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Two tasks, the first of which was repeated after it had written a part."""
    monkeypatch.setattr(vectors, "_CHUNK_TRACKS", 4)
    write_vectors(target, "c:1", block(0, 6))
    write_vectors(target, "c:1", block(0, 14))
    write_vectors(target, "c:1", block(14, TRACKS))
    write_vectors(target, "c:12", block(0, 3))
    return target


def test_a_matrix_is_read_bit_by_bit_as_it_was_written(stored: Database) -> None:
    found, written = read(stored, model(7)), block(0, TRACKS)
    assert found.track_ids == written.track_ids
    np.testing.assert_array_equal(found.rows, written.rows)
    np.testing.assert_array_equal(found.norms, written.norms)
    assert found.rows.dtype == np.float32
    counted = count_vectors(stored, "c:1")
    assert (counted.chunks, counted.tracks) == (7, TRACKS)


def test_a_document_stays_far_below_the_limit_of_the_database(target: Database) -> None:
    """Whatever the number of dimensions, and with the longest ids."""
    ids = tuple(f"{row:0512d}" for row in range(2100))
    wide = VectorBlock(ids, np.zeros((2100, 4000), dtype=np.float32), np.ones(2100, dtype=np.float32))
    assert write_vectors(target, "c:1", wide) == count_vectors(target, "c:1").chunks == 9
    sizes = target[Collection.MODEL_VECTORS].aggregate([{"$project": {"size": {"$bsonSize": "$$ROOT"}}}])
    assert max(entry["size"] for entry in sizes) < 6 << 20


def test_a_version_of_an_earlier_release_has_no_vectors(stored: Database) -> None:
    assert list(read_vectors(stored, model(0))) == []
    document = stored[Collection.MODELS]
    old = {name: value for name, value in msgspec.to_builtins(model(0)).items() if name != "vectorChunks"}
    document.insert_one({"_id": "c:1", **old})
    assert msgspec.convert(document.find_one({"_id": "c:1"}), ModelDocument).vector_chunks == 0


def test_deleting_leaves_other_versions(stored: Database) -> None:
    assert delete_vectors(stored, "c:1") == 7
    assert count_vectors(stored, "c:1").tracks == 0
    assert count_vectors(stored, "c:12").tracks == 3


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"$set": {"rows": b"123"}}, "3 bytes are not 4 rows of 1 dimensions"),
        ({"$set": {"norms": b""}}, "or norms are missing"),
        ({"$set": {"rows": np.full(4, np.nan, dtype="<f4").tobytes()}}, "a number is not finite"),
        ({"$set": {"trackIds": [1]}}, "Expected `str`"),
        ({"$unset": {"rows": ""}}, "missing required field `rows`"),
    ],
)
def test_a_damaged_chunk_is_named(stored: Database, change: Document, problem: str) -> None:
    stored[Collection.MODEL_VECTORS].update_one({"_id": "c:1:004"}, change)
    with pytest.raises(UnreadableDocumentError, match=f"vectors 'c:1:004' cannot be read: .*{problem}"):
        list(read_vectors(stored, model(7)))


def test_a_missing_chunk_and_a_track_in_two_are_noticed(stored: Database) -> None:
    stored[Collection.MODEL_VECTORS].delete_one({"_id": "c:1:004"})
    with pytest.raises(UnreadableDocumentError, match=r"6 chunks with 21 tracks, but 7 with 25 were written"):
        list(read_vectors(stored, model(7)))
    write_vectors(stored, "c:1", block(3, 7))
    with pytest.raises(UnreadableDocumentError, match=r"7 chunks with 24 tracks, but 7 with 25 were written"):
        list(read_vectors(stored, model(7)))
