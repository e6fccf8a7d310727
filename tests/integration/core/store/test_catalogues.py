"""The pointer to the active model, and the existing catalogues, in a real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from segue_core.contract import Reason, Stage
from segue_core.settings import MongoSettings
from segue_core.store.catalogues import (
    catalogues_with_tracks,
    change_active_model,
    has_tracks,
    is_known,
    known_catalogues,
    read_active_model,
    read_pointer,
)
from segue_core.store.database import Collection, Database, Document
from segue_core.store.model_versions import publish
from segue_core.store.models import CatalogueDocument
from segue_core.store.pointer import Activate, ChangeNote, ChangeRefusedError, Pin, RefusalReason, Unpin
from segue_core.store.records import RejectedRecord, rejected_key, to_document
from segue_core.store.unreadable import UnreadableDocumentError
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.trained_model import model_document

NOTE = ChangeNote(by="the test", reason="to see what happens")


@pytest.fixture
def versions(target: Database) -> Database:
    """A database with the versions 1 to 8 of catalogue c, and one of another."""
    for number in range(1, 9):
        publish(target, model_document(number))
    publish(target, model_document(1, catalogue="other", run_uid="of other"))
    return target


def activate(target: Database, key: str, **options: object) -> CatalogueDocument:
    return change_active_model(target, key.partition(":")[0], Activate(model=key), NOTE, **options)  # type: ignore[arg-type]


def refusal(change: Callable[[], object]) -> RefusalReason | None:
    try:
        change()
    except ChangeRefusedError as error:
        return error.reason
    return None


def test_the_pointer_is_set_only_from_what_was_read(versions: Database) -> None:
    assert read_pointer(versions, "c") is None
    with pytest.raises(ChangeRefusedError, match="the active model of 'c' is none, not c:1 as expected"):
        activate(versions, "c:2", expected="c:1")
    assert read_active_model(versions, "c") is None
    activate(versions, "c:1", expected=None)
    with pytest.raises(ChangeRefusedError, match="is c:1, not none as expected"):
        activate(versions, "c:2", expected=None)
    assert read_active_model(versions, "c") == "c:1"
    after = activate(versions, "c:2", expected="c:1")
    assert read_pointer(versions, "c") == after
    assert (after.previous_model, after.by, after.reason, after.revision) == ("c:1", NOTE.by, NOTE.reason, 2)
    activate(versions, "other:1", expected=None)
    assert read_active_model(versions, "c") == "c:2"


@pytest.mark.parametrize("before", [None, "c:8"])
def test_of_many_at_once_one_sets_the_pointer(versions: Database, before: str | None) -> None:
    if before:
        activate(versions, before)

    def attempt(key: str) -> bool:
        return refusal(lambda: activate(versions, key, expected=before)) != RefusalReason.MOVED

    keys = [f"c:{number}" for number in range(1, 8)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, keys))
    assert sum(done) == 1
    assert read_active_model(versions, "c") == keys[done.index(True)]


def test_two_writers_lose_no_change(versions: Database) -> None:
    """Each change is decided on what the one before it left: the history has no gap, and no pin is overrun."""
    activate(versions, "c:8")

    def write(number: int) -> int:
        return sum(activate(versions, f"c:{number + 2 * (step % 2)}").revision > 0 for step in range(20))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, (1, 2))) == [20, 20]
    pointer = read_pointer(versions, "c")
    assert pointer is not None
    assert pointer.revision == 41


def test_a_pin_beside_activations_holds(versions: Database) -> None:
    """Whoever comes first: after the pin, the version that it pinned stays."""
    activate(versions, "c:8")

    def run(key: str) -> bool:
        return refusal(lambda: activate(versions, key)) != RefusalReason.PINNED

    def pin() -> str:
        return change_active_model(versions, "c", Pin(), NOTE).active_model

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(run, f"c:{number}") for number in range(1, 4)]
        pinned = pool.submit(pin)
        runs += [pool.submit(run, f"c:{number}") for number in range(4, 8)]
    pointer = read_pointer(versions, "c")
    assert pointer is not None
    assert (pointer.active_model, pointer.pinned) == (pinned.result(), True)
    assert pointer.revision == 2 + sum(done.result() for done in runs)
    change_active_model(versions, "c", Unpin(), NOTE)
    assert run("c:1" if pointer.active_model != "c:1" else "c:2")


@pytest.mark.parametrize("wanted", [Activate(model="c:9"), Pin(model="c:9"), Activate(model="other:1")])
def test_a_version_that_does_not_exist_is_refused_with_those_that_do(
    versions: Database, wanted: Activate | Pin
) -> None:
    with pytest.raises(ChangeRefusedError, match=r"'c' has no model '\w+:\d'; its models: c:1, c:2, .*c:8") as caught:
        change_active_model(versions, "c", wanted, NOTE)
    assert caught.value.reason == RefusalReason.UNKNOWN_MODEL
    assert read_pointer(versions, "c") is None


def test_a_version_that_cannot_be_read_does_not_become_active(versions: Database) -> None:
    versions[Collection.MODELS].update_one({"_id": "c:2"}, {"$set": {"schemaVersion": 99}})
    with pytest.raises(UnreadableDocumentError, match="model 'c:2' cannot be read"):
        activate(versions, "c:2")


def test_a_pointer_of_an_earlier_release_is_read_and_changed(versions: Database) -> None:
    old = {"_id": "c", "catalogue": "c", "activeModel": "c:1", "updated": "2026-01-01T00:00:00Z"}
    versions[Collection.CATALOGUES].insert_one(old)
    assert read_active_model(versions, "c") == "c:1"
    pinned = change_active_model(versions, "c", Pin(), NOTE, expected="c:1")
    assert (pinned.active_model, pinned.pinned, pinned.revision) == ("c:1", True, 1)
    assert read_pointer(versions, "c") == pinned


@pytest.mark.parametrize("change", [{"$unset": {"activeModel": ""}}, {"$set": {"activeModel": 7}}])
def test_a_damaged_pointer_is_named(versions: Database, change: Document) -> None:
    activate(versions, "c:1")
    versions[Collection.CATALOGUES].update_one({"_id": "c"}, change)
    match = r"pointer to the active model of 'c' cannot be read: .*activeM"
    with pytest.raises(UnreadableDocumentError, match=match):
        read_active_model(versions, "c")
    with pytest.raises(UnreadableDocumentError, match=match):
        activate(versions, "c:2")


def test_catalogues_are_those_with_tracks_stored_or_rejected(target: Database, mongo_settings: MongoSettings) -> None:
    store_tracks(mongo_settings, synthetic_tracks("stored", 3))
    record = RejectedRecord(
        catalogue="refused", track_id="1", batch="b", batch_uid="u", shard=0, stage=Stage.DECODE, reason=Reason.SILENT,
        path="1.mp3", message="all samples are 0",
    )  # fmt: skip
    target[Collection.REJECTED].insert_one({"_id": rejected_key(record), **to_document(record)})
    assert catalogues_with_tracks(target) == ["stored"]
    assert known_catalogues(target) == ["refused", "stored"]
    assert [has_tracks(target, name) for name in ("stored", "refused", "store")] == [True, False, False]
    assert [is_known(target, name) for name in ("stored", "refused", "store")] == [True, True, False]
