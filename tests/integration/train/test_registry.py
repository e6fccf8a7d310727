"""Model numbers, the commit of a version and the pointer, on a real database."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import pytest
from pymongo import MongoClient

from segue_jobs.contract import Family, PromotionPolicy, TrainArguments
from segue_jobs.models import CatalogueDocument
from segue_jobs.runtime.mongodb import Collection, Document, database, ensure_indexes
from segue_jobs.runtime.settings import MongoSettings
from segue_jobs.train import placement as placing
from segue_jobs.train import registry
from segue_jobs.train.assignments import forget_earlier_attempt
from segue_jobs.train.catalogue import find_ranges, read_range
from segue_jobs.train.choice import Metric
from segue_jobs.train.placement import Placement, write
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.trained_model import model_document


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings):
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    return found


def arguments(policy: PromotionPolicy = PromotionPolicy.IF_NOT_WORSE) -> TrainArguments:
    return TrainArguments(catalogue="c", run="r", run_uid="u", promotion=policy)


def test_runs_at_once_get_numbers_without_gaps_and_each_keeps_its_own(target) -> None:
    runs = [f"run-{index}" for index in range(8)] * 2
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda run: registry.reserve_number(target, "c", run), runs))
    assert sorted(set(numbers)) == list(range(1, 9))
    assert numbers[:8] == numbers[8:]
    assert registry.reserve_number(target, "other", "run-of-other") == 1


def test_second_publication_of_a_run_returns_the_first(target) -> None:
    first = registry.publish(target, model_document(1, run_uid="u"))
    again = registry.publish(target, model_document(1, run_uid="u", k=99))
    assert again == first == registry.find_published(target, "u")
    assert target[Collection.MODELS].count_documents({}) == 1


def test_pointer_moves_to_the_promoted_model_alone(target) -> None:
    good, worse = model_document(1), model_document(2, metrics={Metric.PRECISION: 0.1})
    for model in (good, worse):
        registry.publish(target, model)
    assert registry.promote(target, good, arguments()).promoted
    assert not registry.promote(target, worse, arguments()).promoted
    pointer = msgspec.convert(target[Collection.CATALOGUES].find_one({"_id": "c"}), CatalogueDocument)
    assert pointer.active_model == "c:1"
    assert registry.promote(target, worse, arguments(PromotionPolicy.ALWAYS)).promoted
    assert registry.promote(target, worse, arguments(PromotionPolicy.ALWAYS)).promoted
    assert not registry.promote(target, good, arguments(PromotionPolicy.ALWAYS)).promoted


def test_promotions_at_once_leave_the_newest_active(target) -> None:
    models = [registry.publish(target, model_document(number)) for number in range(1, 7)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda model: registry.promote(target, model, arguments(PromotionPolicy.ALWAYS)), models))
    assert target[Collection.CATALOGUES].find_one({"_id": "c"})["activeModel"] == "c:6"


@pytest.mark.parametrize("batch", [3, 2000])
def test_repeated_task_writes_every_assignment_once(
    target, mongo_settings: MongoSettings, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(placing, "BATCH_TRACKS", batch)
    units = np.eye(10, dtype=np.float32)
    placement = Placement(mongo_settings, "c", 1, centres=units[:2], reference_ids=("0",), reference=units[:1])
    entries = placement.place([f"{index}" for index in range(10)], units)
    write(mongo_settings, entries[:4])  # an attempt that died in the middle
    assert write(mongo_settings, entries).total() == 10
    stored = list(target[Collection.ASSIGNMENTS].find().sort("_id"))
    assert [entry["trackId"] for entry in stored] == [f"{index}" for index in range(10)]
    assert forget_earlier_attempt(target, "c:1") == 10


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_ranges_cover_every_track_of_the_catalogue_once(target, mongo_settings: MongoSettings, count: int) -> None:
    store_tracks(mongo_settings, synthetic_tracks("c", count))
    for other in ("c2", "b", "c-"):
        store_tracks(mongo_settings, synthetic_tracks(other, 3))
    ranges = find_ranges(target, "c")
    batches = [batch for part in ranges for batch in read_range(mongo_settings, "c", tuple(Family), part)]
    ids = [track_id for batch in batches for track_id in batch.column("track_id").to_pylist()]
    assert sorted(ids) == [f"{index:06d}" for index in range(count)]
    assert sum(part.tracks for part in ranges) == count
