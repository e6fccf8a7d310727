"""Numbering, publishing and reading versions, in a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from segue_core.store import model_versions
from segue_core.store.database import Collection, Database, Document
from segue_core.store.unreadable import UnreadableDocumentError
from support.trained_model import model_document

DAMAGES = [
    ({"$set": {"schemaVersion": 99}}, "its schema version is 99, but this program reads 1, 2 and 3"),
    ({"$set": {"schemaVersion": "1"}}, "its schema version is 1, but this program reads 1, 2 and 3"),
    ({"$unset": {"tracks": ""}}, "missing required field `tracks`"),
    ({"$set": {"metrics": [1]}}, "Expected `object`"),
]


def test_runs_at_once_get_numbers_without_gaps_and_each_keeps_its_own(target: Database) -> None:
    runs = [f"run-{index}" for index in range(8)] * 2
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda run: model_versions.reserve_number(target, "c", run), runs))
    assert sorted(set(numbers)) == list(range(1, 9))
    assert numbers[:8] == numbers[8:]
    assert model_versions.reserve_number(target, "other", "run-of-other") == 1


def test_second_publication_of_a_run_returns_the_first(target: Database) -> None:
    first = model_versions.publish(target, model_document(1, run_uid="u"))
    again = model_versions.publish(target, model_document(1, run_uid="u", k=99))
    assert again == first == model_versions.find_published(target, "u")
    assert target[Collection.MODELS].count_documents({}) == 1


@pytest.mark.parametrize(("change", "problem"), DAMAGES)
def test_every_way_to_a_version_checks_it(target: Database, change: Document, problem: str) -> None:
    model_versions.publish(target, model_document(1, run_uid="u"))
    target[Collection.MODELS].update_one({"_id": "c:1"}, change)
    for read in (
        lambda: model_versions.read_model(target, "c:1"),
        lambda: model_versions.find_published(target, "u"),
        lambda: model_versions.publish(target, model_document(1, run_uid="u")),
    ):
        with pytest.raises(UnreadableDocumentError, match=f"model 'c:1' cannot be read: .*{problem}"):
            read()
    (unreadable,) = model_versions.list_models(target).unreadable
    assert problem in str(unreadable)


def test_a_version_is_read_as_it_was_published(target: Database) -> None:
    model = model_versions.publish(target, model_document(1))
    assert model_versions.read_model(target, "c:1") == model
    assert model_versions.read_model(target, "c:2") is None
    assert model_versions.find_published(target, "another run") is None


def test_versions_are_listed_by_number_beside_those_that_cannot_be_read(target: Database) -> None:
    for number in (10, 9, 2):
        model_versions.publish(target, model_document(number))
    model_versions.publish(target, model_document(1, catalogue="b", run_uid="of b"))
    target[Collection.MODELS].update_one({"_id": "c:9"}, {"$set": {"schemaVersion": 99}})
    listed = model_versions.list_models(target)
    assert [model.key for model in listed.models] == ["b:1", "c:2", "c:10"]
    assert len(listed.unreadable) == 1
    assert [model.key for model in model_versions.list_models(target, "c").models] == ["c:2", "c:10"]
    assert model_versions.model_keys(target) == ["b:1", "c:2", "c:9", "c:10"]
    assert model_versions.model_keys(target, "c") == ["c:2", "c:9", "c:10"]
    assert [document["_id"] for document in model_versions.stored_models(target, "c:9")] == ["c:9"]
    assert len(model_versions.stored_models(target)) == 4
