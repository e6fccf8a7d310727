"""Queries for tracks that are stored already share one connection, however many tracks a shard has."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pymongo import MongoClient

from segue_core.identity.catalogue import Source
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Document, database
from segue_core.store.records import to_document, track_key
from segue_jobs.extract import known_tracks
from segue_jobs.extract.known_tracks import StoredTracks
from support.tracks import track_record


def test_corrected_titles_cost_no_connection_each(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        msgspec.structs.replace(track_record(number), source="here" if number % 2 else "there") for number in range(20)
    ]
    documents = [{"_id": track_key("fma", record.track_id), **to_document(record)} for record in records]
    database(mongo_client, mongo_settings)[Collection.TRACKS].insert_many(documents)
    made: list[Any] = []
    connect = known_tracks.connect
    monkeypatch.setattr(known_tracks, "connect", lambda settings: made.append(connect(settings)) or made[-1])
    with StoredTracks(mongo_settings, "fma", Source("here", "batch")) as known:
        rows = {row.track_id: row for row in known.with_ids([*(record.track_id for record in records), "unknown"])}
        assert {track_id: row.audio_sha256 for track_id, row in rows.items()} == {
            record.track_id: record.audio_sha256 for record in records
        }
        assert {row.track_id for row in known.own()} == {record.track_id for record in records[1::2]}
        assert [known.record(record.track_id) for record in records] == records
        assert known.record("unknown") is None
        assert known.is_free("unknown")
        assert not known.is_free("3")
    assert len(made) == 1
