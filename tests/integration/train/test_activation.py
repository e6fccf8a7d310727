"""Which version becomes active, and what a training task writes and reads, in a real database."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pymongo import MongoClient

from segue_core.contract import ANALYSED_FAMILIES, ExitCode, PromotionPolicy, TrainArguments
from segue_core.contract.measures import Metric
from segue_core.settings import MongoSettings
from segue_core.store.assignments import delete_assignments
from segue_core.store.catalogues import change_active_model, read_active_model, read_pointer
from segue_core.store.database import Collection, Document, database, ensure_indexes
from segue_core.store.model_versions import publish
from segue_core.store.models import Comparison, Difference
from segue_core.store.pointer import Activate, ChangeNote, Pin, Unpin
from segue_core.store.tracks import find_ranges
from segue_core.store.unreadable import UnreadableDocumentError
from segue_jobs.train import activation
from segue_jobs.train import placement as placing
from segue_jobs.train.activation import find_active, promote
from segue_jobs.train.mongo_source import read_range
from segue_jobs.train.placement import Placement, write
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.trained_model import model_document

NOTE = ChangeNote(by="segue models pin", reason="the tour needs it")


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings):
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    return found


def arguments(policy: PromotionPolicy = PromotionPolicy.IF_NOT_WORSE) -> TrainArguments:
    return TrainArguments(catalogue="c", run="r", run_uid="u", promotion=policy)


def compared(change: float = 0.0) -> Comparison:
    """With version 1, by precision alone."""
    lists = Difference(metric=Metric.PRECISION, before=0.4, after=0.4 + change, low=change - 0.01, high=change + 0.01)
    return Comparison(model="c:1", tracks=100, today=(lists,))


def test_pointer_moves_to_the_promoted_model_alone(target) -> None:
    good, worse = model_document(1), model_document(2, comparison=compared(-0.3))
    for model in (good, worse):
        publish(target, model)
    assert promote(target, good, arguments()).promoted
    assert not promote(target, worse, arguments()).promoted
    assert read_active_model(target, "c") == "c:1"
    assert promote(target, worse, arguments(PromotionPolicy.ALWAYS)).promoted
    assert promote(target, worse, arguments(PromotionPolicy.ALWAYS)).promoted
    assert not promote(target, good, arguments(PromotionPolicy.ALWAYS)).promoted


def test_promotions_at_once_leave_the_newest_active(target) -> None:
    models = [publish(target, model_document(number)) for number in range(1, 7)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda model: promote(target, model, arguments(PromotionPolicy.ALWAYS)), models))
    assert read_active_model(target, "c") == "c:6"


@pytest.mark.parametrize("policy", [PromotionPolicy.IF_NOT_WORSE, PromotionPolicy.ALWAYS])
def test_a_pinned_model_stays_and_the_run_says_why_and_what_to_type(target, policy: PromotionPolicy) -> None:
    for number in (1, 2):
        publish(target, model_document(number))
    pinned = change_active_model(target, "c", Pin(model="c:1"), NOTE)
    decision = promote(target, model_document(2), arguments(policy))
    assert not decision.promoted
    assert decision.reason == (
        f"model 1 is pinned (by segue models pin, {pinned.updated}: the tour needs it), so model 2 is stored but not "
        "used; to use it: segue models unpin --catalogue c, then segue models activate 2 --catalogue c"
    )
    assert read_pointer(target, "c") == pinned
    change_active_model(target, "c", Unpin(), NOTE)
    assert promote(target, model_document(2, comparison=compared()), arguments(policy)).promoted


def test_a_pin_that_comes_between_decision_and_change_holds(target, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        publish(target, model_document(number))
    change_active_model(target, "c", Activate(model="c:1"), NOTE)
    decide = activation.decide

    def decide_slowly(*given):
        decision = decide(*given)
        change_active_model(target, "c", Pin(), NOTE)
        return decision

    monkeypatch.setattr(activation, "decide", decide_slowly)
    decision = promote(target, model_document(2, comparison=compared()), arguments())
    assert (decision.promoted, read_active_model(target, "c")) == (False, "c:1")
    assert "model 1 is pinned" in decision.reason


def test_the_pointer_names_the_run_and_its_reason(target) -> None:
    publish(target, model_document(1))
    run = TrainArguments(catalogue="c", run="weekly", namespace="music", run_uid="u")
    decision = promote(target, model_document(1), run)
    pointer = read_pointer(target, "c")
    assert (pointer.by, pointer.reason) == ("TrainingRun music/weekly", decision.reason)


@pytest.mark.parametrize("change", [{"$set": {"schemaVersion": 99}}, {"$unset": {"metrics": ""}}])
def test_nothing_replaces_an_active_model_that_cannot_be_read(target, change) -> None:
    """A program that does not understand it can neither compare with it nor continue its clusters."""
    for number in (1, 2):
        publish(target, model_document(number))
    change_active_model(target, "c", Activate(model="c:1"), NOTE)
    target[Collection.MODELS].update_one({"_id": "c:1"}, change)
    with pytest.raises(UnreadableDocumentError, match=r"model 'c:1' cannot be read: ") as caught:
        promote(target, model_document(2), arguments(PromotionPolicy.ALWAYS))
    assert caught.value.exit_code == ExitCode.UNRECOVERABLE
    with pytest.raises(UnreadableDocumentError):
        find_active(target, "c")
    assert read_active_model(target, "c") == "c:1"


@pytest.mark.parametrize("batch", [3, 2000])
def test_repeated_task_writes_every_assignment_once(
    target, mongo_settings: MongoSettings, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(placing, "BATCH_TRACKS", batch)
    units = np.eye(10, dtype=np.float32)
    placement = Placement(mongo_settings, "c", 1, centres=units[:2])
    entries = placement.place([f"{index}" for index in range(10)], units)
    write(mongo_settings, entries[:4])  # an attempt that died in the middle
    assert write(mongo_settings, entries).total() == 10
    stored = list(target[Collection.ASSIGNMENTS].find().sort("_id"))
    assert [entry["trackId"] for entry in stored] == [f"{index}" for index in range(10)]
    assert delete_assignments(target, "c:1") == 10


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_ranges_cover_every_track_of_the_catalogue_once(target, mongo_settings: MongoSettings, count: int) -> None:
    store_tracks(mongo_settings, synthetic_tracks("c", count))
    for other in ("c2", "b", "c-"):
        store_tracks(mongo_settings, synthetic_tracks(other, 3))
    ranges = find_ranges(target, "c")
    batches = [batch for part in ranges for batch in read_range(mongo_settings, "c", ANALYSED_FAMILIES, part)]
    ids = [track_id for batch in batches for track_id in batch.column("track_id").to_pylist()]
    assert sorted(ids) == [f"{index:06d}" for index in range(count)]
    assert sum(part.tracks for part in ranges) == count
