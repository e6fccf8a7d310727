"""Reading rejections from a real database: by shards, by the sink, and damaged ones."""

from __future__ import annotations

import msgspec
import pytest

from segue_core.contract import Reason, Stage
from segue_core.store.database import Collection, Database
from segue_core.store.records import RejectedRecord, rejected_key, to_document
from segue_core.store.rejections import Rejection, read_alternatives, read_rejections

RECORD = RejectedRecord(
    catalogue="a", track_id="1", batch="songs", batch_uid="u1", shard=0, stage=Stage.DECODE, reason=Reason.SILENT,
    path="1.mp3", message="all samples are 0",
)  # fmt: skip


@pytest.fixture
def stored(target: Database) -> Database:
    others = (
        {"track_id": "2", "reason": Reason.TOO_SHORT},
        {"track_id": "3", "batch": "more", "batch_uid": "u2"},
        {"catalogue": "b", "batch_uid": "u3"},
    )
    for change in ({}, *others):
        record = msgspec.structs.replace(RECORD, **change)
        document = {"_id": rejected_key(record), **to_document(record), "kafka": {"timestamp": 5}, "original": "x" * 99}
        target[Collection.REJECTED].insert_one(document)
    return target


def test_a_rejection_is_read_as_it_was_made(stored: Database) -> None:
    (found,) = read_rejections(stored, batch_uids=["u3"])
    assert found == Rejection(
        catalogue="b", track_id="1", batch="songs", batch_uid="u3", stage="decode", reason="Silent", path="1.mp3",
        message="all samples are 0", time=5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["a1", "a2", "a3", "b1"]),
        ({"catalogue": "a"}, ["a1", "a2", "a3"]),
        ({"catalogue": "a", "reason": "Silent"}, ["a1", "a3"]),
        ({"catalogue": "a", "batch": "songs"}, ["a1", "a2"]),
        ({"batch_uids": ["u2", "u3"]}, ["a3", "b1"]),
        ({"catalogue": "a", "batch_uids": ["u2", "u3"]}, ["a3"]),
        ({"batch_uids": []}, []),
        ({"catalogue": "none"}, []),
    ],
)
def test_all_that_is_given_must_match(stored: Database, wanted: dict[str, object], found: list[str]) -> None:
    assert sorted(item.catalogue + item.track_id for item in read_rejections(stored, **wanted)) == found


def test_a_document_that_lacks_fields_is_shown_with_what_it_has(target: Database) -> None:
    target[Collection.REJECTED].insert_one({"_id": "x", "catalogue": "a", "reason": "MalformedRecord"})
    (found,) = read_rejections(target, catalogue="a")
    assert (found.reason, found.track_id, found.message, found.time) == ("MalformedRecord", "", "", 0)


def test_files_that_were_not_taken_are_read_from_their_tracks(target: Database) -> None:
    other = {"path": "1.flac", "message": "EmptyFile: the file is empty; 1.mp3 is taken instead"}
    track = {"catalogue": "a", "trackId": "1", "batch": "songs", "batchUid": "u", "path": "1.mp3"}
    target[Collection.TRACKS].insert_many(
        [{"_id": "a:1", **track, "alternatives": [other]}, {"_id": "a:2", **track, "trackId": "2"}]
    )
    (found,) = read_alternatives(target, "a", batch="songs")
    assert found == Rejection(
        catalogue="a", track_id="1", batch="songs", batch_uid="u", stage="decode", reason="Alternative", time=0, **other
    )  # fmt: skip
    assert list(read_alternatives(target, "a", batch="more")) == []
    assert list(read_alternatives(target, "b")) == []
