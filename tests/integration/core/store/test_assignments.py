"""Writing, reading and deleting a version's assignments, in a real database."""

from __future__ import annotations

import pytest
from pymongo import MongoClient

from segue_core.contract import Exclusion
from segue_core.settings import MongoSettings
from segue_core.store.assignments import delete_assignments, read_assignments, read_places, write_assignments
from segue_core.store.database import Collection, Database, Document
from segue_core.store.models import Assignment
from segue_core.store.unreadable import UnreadableDocumentError

PLACED = [
    Assignment(model="c:1", catalogue="c", track_id=f"{index}", cluster=index % 3, distance=0.5) for index in range(9)
]
EXCLUDED = Assignment(model="c:1", catalogue="c", track_id="x", excluded=Exclusion.ZERO_VECTOR, message="has none")


@pytest.fixture
def stored(target: Database, mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database:
    write_assignments(mongo_client, mongo_settings, PLACED[:4])  # an attempt that died in the middle
    write_assignments(mongo_client, mongo_settings, [*PLACED, EXCLUDED])
    other = [Assignment(model="c:2", catalogue="c", track_id="0", cluster=0)]
    write_assignments(mongo_client, mongo_settings, other)
    return target


def test_what_is_written_again_is_there_once(stored: Database) -> None:
    found = sorted(read_assignments(stored, "c:1"), key=lambda entry: entry.track_id)
    assert found == [*PLACED, EXCLUDED]


def test_places_are_those_of_placed_tracks(stored: Database) -> None:
    assert read_places(stored, "c:1", ["0", "5", "x", "unknown"]) == {"0": (0, 0.5), "5": (2, 0.5)}


def test_deleting_leaves_other_versions(stored: Database) -> None:
    assert delete_assignments(stored, "c:1") == 10
    assert list(read_assignments(stored, "c:1")) == []
    assert len(list(read_assignments(stored, "c:2"))) == 1


def test_a_damaged_assignment_is_named(stored: Database) -> None:
    stored[Collection.ASSIGNMENTS].update_one({"_id": "c:1:0"}, {"$set": {"cluster": "first"}})
    with pytest.raises(UnreadableDocumentError, match=r"assignment 'c:1:0' cannot be read: .*cluster"):
        list(read_assignments(stored, "c:1"))
