"""Loading models and tracks from a real database."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from segue_core.contract import ANALYSED_FAMILIES, Exclusion, Reason, Stage
from segue_core.recommend.catalogue import load_catalogue
from segue_core.recommend.question_errors import (
    AbsentTrackError,
    EmptyCatalogueError,
    NoModelError,
    UnreadableModelError,
)
from segue_core.settings import MongoSettings
from segue_core.similarity.scaling import Scaling
from segue_core.store.database import Collection, Document, database, ensure_indexes
from segue_core.store.models import Assignment, CatalogueDocument, ModelDocument, model_key
from segue_core.store.records import RejectedRecord, TrackRecord, rejected_key, to_document
from segue_core.store.vectors import VectorBlock, write_vectors
from support.synthetic_model import CREATED, assemble, raw_matrix, to_unit, train_model
from support.synthetic_tracks import synthetic_tracks, track_document


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database[Document]:
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    return found


def store(target: Database[Document], records: Iterable[TrackRecord]) -> None:
    target[Collection.TRACKS].insert_many([track_document(record) for record in records])


def publish(
    target: Database[Document], model: ModelDocument, assignments: Iterable[Assignment], *, active: bool = True
) -> None:
    key = model_key(model.catalogue, model.number)
    target[Collection.MODELS].insert_one({"_id": key, **to_document(model)})
    target[Collection.ASSIGNMENTS].insert_many(
        [{"_id": f"{key}:{entry.track_id}", **to_document(entry)} for entry in assignments]
    )
    if active:
        pointer = CatalogueDocument(catalogue=model.catalogue, active_model=key, updated=CREATED)
        target[Collection.CATALOGUES].replace_one({"_id": model.catalogue}, to_document(pointer), upsert=True)


def test_what_was_published_is_recommended(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 300, genres=4))
    store(target, records)
    publish(target, *train_model(records, k=6))
    recommender = load_catalogue(target, "fma")
    answer = recommender.similar("000005", limit=8)
    assert answer.model == "fma:1"
    assert len(recommender.tracks) == 300
    assert not recommender.tracks.new.any()
    assert len(answer.hits) == 8
    assert {hit.genres for hit in answer.hits} == {("Genre 1",)}


def test_tracks_that_came_after_the_training_are_placed_and_marked_new(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 300, genres=4))
    publish(target, *train_model(records[:250], k=6))
    store(target, records)
    recommender = load_catalogue(target, "fma")
    assert int(recommender.tracks.new.sum()) == 50
    hits = recommender.similar("000005", limit=60, artist_cap=None).hits
    assert any(hit.new for hit in hits)
    assert {hit.genres for hit in hits if hit.new} == {("Genre 1",)}
    assert {hit.genres for hit in recommender.similar("000297", limit=5).hits} == {("Genre 1",)}


def test_every_version_can_be_asked_for_and_the_pointer_decides_which_is_active(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 60))
    store(target, records)
    publish(target, *train_model(records, k=2, number=1))
    publish(target, *train_model(records, k=3, number=2), active=False)
    assert load_catalogue(target, "fma").model == "fma:1"
    assert load_catalogue(target, "fma", 2).model == "fma:2"
    assert load_catalogue(target, "fma", "fma:2").model == "fma:2"
    with pytest.raises(NoModelError, match=r"no model 'fma:9'; its models: fma:1, fma:2"):
        load_catalogue(target, "fma", 9)


def with_vectors(target: Database[Document], model: ModelDocument, records: list[TrackRecord]) -> ModelDocument:
    """Store the vectors that the model was trained on, as a training run does."""
    raw = raw_matrix(records, ANALYSED_FAMILIES)
    scaling = Scaling.from_model(model.scaler)
    weighted = scaling.standardise(raw) * scaling.weights
    norms = np.linalg.norm(weighted, axis=1).astype(np.float32)
    block = VectorBlock(tuple(record.track_id for record in records), to_unit(model.scaler, raw).rows, norms)
    return msgspec.structs.replace(model, vector_chunks=write_vectors(target, model.key, block))


def extracted_again(record: TrackRecord) -> TrackRecord:
    families = {family: tuple(3 * value + 1 for value in vector) for family, vector in record.families.items()}
    return msgspec.structs.replace(record, recipe="recipe-2", families=families)


@pytest.mark.parametrize("again", [range(300), range(0, 300, 2)])
def test_a_version_answers_as_before_when_its_tracks_were_extracted_with_another_recipe(
    target: Database[Document], again: range
) -> None:
    records = list(synthetic_tracks("fma", 300, genres=4))
    model, assignments = train_model(records, k=6)
    before = assemble(model, assignments, records)
    publish(target, with_vectors(target, model, records), assignments)
    store(target, [extracted_again(record) if place in again else record for place, record in enumerate(records)])
    after = load_catalogue(target, "fma")
    assert not after.tracks.new.any()
    assert after.absent == {}
    assert after.cluster_names == before.cluster_names
    np.testing.assert_allclose(after.space.aspects, before.space.aspects, atol=1e-5)
    for track_id in ("000005", "000123"):
        asked, answered = before.similar(track_id), after.similar(track_id)
        assert [hit.track_id for hit in asked.hits] == [hit.track_id for hit in answered.hits]
        assert [hit.words for hit in asked.hits] == [hit.words for hit in answered.hits]


def test_without_vectors_of_its_own_a_version_loses_tracks_of_another_recipe(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 60))
    publish(target, *train_model(records, k=2))
    store(target, [*map(extracted_again, records[:5]), *records[5:]])
    recommender = load_catalogue(target, "fma")
    assert {absence.reason for absence in recommender.absent.values()} == {"RecipeMismatch"}
    assert len(recommender.tracks) == 55


def test_vectors_that_are_missing_are_an_error_only_where_they_are_needed(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 60))
    model, assignments = train_model(records, k=2)
    publish(target, with_vectors(target, model, records), assignments)
    store(target, records)
    target[Collection.MODEL_VECTORS].delete_many({})
    assert len(load_catalogue(target, "fma").tracks) == 60
    target[Collection.TRACKS].update_one({"_id": "fma:000007"}, {"$set": {"recipe": "recipe-2"}})
    with pytest.raises(UnreadableModelError, match="the vectors of model 'fma:1' cannot be read"):
        load_catalogue(target, "fma")


def test_a_version_of_another_catalogue_is_refused(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 60))
    store(target, records)
    publish(target, *train_model(records, k=2))
    with pytest.raises(NoModelError, match=r"'other' has no model 'fma:1'; its models: none"):
        load_catalogue(target, "other", "fma:1")


def test_a_catalogue_without_tracks_names_those_that_have_some(target: Database[Document]) -> None:
    store(target, synthetic_tracks("fma", 3))
    with pytest.raises(EmptyCatalogueError, match=r"'fna' has no tracks: apply a TrackBatch; .*: fma"):
        load_catalogue(target, "fna")


def test_a_catalogue_without_a_model_says_what_to_do(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 20))
    store(target, records)
    with pytest.raises(NoModelError, match="no model yet: apply a TrainingRun"):
        load_catalogue(target, "fma")
    publish(target, *train_model(records, k=2), active=False)
    with pytest.raises(NoModelError, match="none is active"):
        load_catalogue(target, "fma")


def test_every_known_id_that_is_not_in_the_model_has_its_reason(target: Database[Document]) -> None:
    records = list(synthetic_tracks("fma", 40))
    model, assignments = train_model(records, k=2)
    excluded = Assignment(
        model=model_key("fma", 1),
        catalogue="fma",
        track_id="excluded",
        excluded=Exclusion.NON_FINITE_FEATURE,
        message="timbre.mfcc_mean_00 is not finite",
    )
    publish(target, model, [*assignments, excluded])
    store(target, [*records[:-1], msgspec.structs.replace(records[0], track_id="other-recipe", recipe="recipe-2")])
    target[Collection.TRACKS].insert_one({"_id": "fma:broken", "catalogue": "fma", "trackId": "broken", "shard": "x"})
    rejected = RejectedRecord(
        catalogue="fma", track_id="rejected", batch="b", batch_uid="u", shard=0, stage=Stage.DECODE,
        reason=Reason.SILENT, path="rejected.mp3", message="all samples are 0",
    )  # fmt: skip
    target[Collection.REJECTED].insert_one({"_id": rejected_key(rejected), **to_document(rejected)})
    recommender = load_catalogue(target, "fma")
    reasons = {
        "excluded": "NonFiniteFeature",
        "other-recipe": "RecipeMismatch",
        "broken": "LayoutMismatch",
        "rejected": "Silent",
        records[-1].track_id: "NotStored",
    }
    assert {track_id: absence.reason for track_id, absence in recommender.absent.items()} == reasons
    for track_id, reason in reasons.items():
        with pytest.raises(AbsentTrackError, match=f"{track_id}.*{reason}"):
            recommender.similar(track_id)


def test_a_catalogue_of_one_track_gives_an_empty_list_and_says_why(target: Database[Document]) -> None:
    record = next(synthetic_tracks("one", 1))
    model, _ = train_model(list(synthetic_tracks("one", 30)), k=1)
    publish(target, model, [Assignment(model="one:1", catalogue="one", track_id=record.track_id, cluster=0)])
    store(target, [record])
    answer = load_catalogue(target, "one").similar(record.track_id)
    assert answer.hits == ()
    assert answer.note == "the catalogue has no other track"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"$unset": {"run": ""}}, "missing required field `run`"),
        ({"$set": {"schemaVersion": 99}}, "its schema version is 99"),
        ({"$set": {"k": 7}}, "centres of shape"),
        ({"$set": {"scaler.deviation": [1.0]}}, "do not match"),
    ],
)
def test_a_damaged_model_is_refused_by_name(
    target: Database[Document], change: dict[str, Document], problem: str
) -> None:
    records = list(synthetic_tracks("fma", 30))
    store(target, records)
    publish(target, *train_model(records, k=2))
    target[Collection.MODELS].update_one({"_id": "fma:1"}, change)
    with pytest.raises(UnreadableModelError, match=f"model 'fma:1' cannot be read: .*{problem}"):
        load_catalogue(target, "fma")
