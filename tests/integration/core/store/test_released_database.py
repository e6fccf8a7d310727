"""A database that the released code wrote is migrated, and answers.

``released_database.json`` holds all documents of a database as MongoDB's extended JSON. The code of commit d114842, the
last one before ids belonged to sources, wrote them on the embedded server: its sink six synthetic tracks of two
batches, a rejection, a malformed record and an event; its store a model of one family with its assignments, and the
pointer. They have no sources and no claims, the pointer names nobody, the event has no id, and no catalogue has marks.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bson.json_util import loads

from segue_core.recommend.catalogue import load_catalogue
from segue_core.store.catalogues import change_active_model, read_pointer
from segue_core.store.content_marks import content_fingerprint
from segue_core.store.database import Collection, Database
from segue_core.store.events import read_events
from segue_core.store.model_versions import list_models
from segue_core.store.pointer import ChangeNote, Pin
from segue_core.store.schema import MIGRATIONS, prepare
from segue_core.store.tracks import rows_of_sources

RELEASED = Path(__file__).with_name("released_database.json")


@pytest.fixture
def released(target: Database) -> Database:
    for name, documents in loads(RELEASED.read_text()).items():
        target[name].insert_many(documents)
    return target


def test_the_released_database_is_as_old_as_it_should_be(released: Database) -> None:
    [schema] = released[Collection.SCHEMA].find()
    assert schema["version"] == 1
    assert not any({"source", "claim"} & found.keys() for found in released[Collection.TRACKS].find())


def test_it_is_migrated_once_and_nothing_is_lost(released: Database) -> None:
    before = {str(found["_id"]): found for found in released[Collection.TRACKS].find()}
    for _ in range(2):
        prepare(released)
    [schema] = released[Collection.SCHEMA].find()
    assert schema["version"] == MIGRATIONS[-1].version
    after = {str(found["_id"]): found for found in released[Collection.TRACKS].find()}
    assert {key: {**found, "source": after[key]["source"]} for key, found in before.items()} == after
    first = sorted(row.track_id for row in rows_of_sources(released, "fma", ["batch:first"]))
    second = sorted(row.track_id for row in rows_of_sources(released, "fma", ["batch:second"]))
    assert (first, second) == (["000000", "000001", "000002", "000003"], ["000004", "000005"])


def test_its_model_recommends_and_can_be_pinned(released: Database) -> None:
    prepare(released)
    recommender = load_catalogue(released, "fma")
    assert (recommender.model, recommender.tracks.count, bool(recommender.tracks.new.any())) == ("fma:1", 6, False)
    assert recommender.similar("000000", limit=1).hits[0].genres == ("Genre 0",)
    assert recommender.absent["000006"].reason == "DecodeError"
    change_active_model(released, "fma", Pin(), ChangeNote(by="test", reason="kept"))
    pointer = read_pointer(released, "fma")
    assert pointer is not None
    assert (pointer.active_model, pointer.pinned) == ("fma:1", True)
    assert [model.key for model in list_models(released).models] == ["fma:1"]


def test_what_nobody_could_write_yet_does_no_harm(released: Database) -> None:
    prepare(released)
    assert list(read_events(released, "fma", "somebody", limit=0)) == []
    assert content_fingerprint(released, "fma") is None
