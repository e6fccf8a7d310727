"""What is stored already is asked for over one connection, however many tracks a shard has."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo import MongoClient

from segue_jobs.extract import done
from segue_jobs.extract.done import DoneTracks
from segue_jobs.records import to_document, track_key
from segue_jobs.runtime.mongodb import Collection, Document, database
from segue_jobs.runtime.settings import MongoSettings
from support.tracks import track_record


def test_corrected_titles_cost_no_connection_each(
    mongo_settings: MongoSettings, mongo_client: MongoClient[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [track_record(number, recipe="r2" if number == 7 else "r1") for number in range(20)]
    documents = [{"_id": track_key("fma", record.track_id), **to_document(record)} for record in records]
    database(mongo_client, mongo_settings)[Collection.TRACKS].insert_many(documents)
    made: list[Any] = []
    connect = done.connect
    monkeypatch.setattr(done, "connect", lambda settings: made.append(connect(settings)) or made[-1])
    with DoneTracks(mongo_settings, "fma", "r1") as tracks:
        found = tracks.find([record.track_id for record in records])
        assert set(found) == {record.track_id for record in records} - {"7"}
        assert [tracks.record(record.track_id) for record in records] == [
            record if record.recipe == "r1" else None for record in records
        ]
    assert len(made) == 1
