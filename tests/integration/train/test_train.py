"""Training with a real broker, database and Spark; all tests of this module share one JVM."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
from pyspark.sql import functions as F  # noqa: N812

from segue_core.broker.topics import ensure_topics
from segue_core.contract import ANALYSED_FAMILIES, Family, PromotionPolicy, Topic
from segue_core.errors import ConfigurationError, ProgramError, UnrecoverableError
from segue_core.features.layout import LAYOUT
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.similarity.cosines import centre_distances, nearest_cells
from segue_core.similarity.proximity import Moments
from segue_core.similarity.scaling import Scaling
from segue_core.store import model_versions
from segue_core.store.database import Collection
from segue_core.store.models import FamilyLayout, PartitionRange
from segue_core.store.records import TrackRecord
from segue_core.store.vectors import read_vectors
from segue_jobs.train import partition_work, phases
from segue_jobs.train.kafka_options import connection_options, range_options
from segue_jobs.train.snapshot import end_positions
from segue_jobs.train.spark_scaling import scale
from segue_jobs.train.spark_session import spark_session
from segue_jobs.train.whitening import FOLDS, Scatter, choose_shrinkage, fold_of, total, whitening_matrix
from support.stored_model import Stored
from support.synthetic_model import to_unit
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.train_program import Train

TRACKS = 300


def raw(tracks: list[TrackRecord]) -> np.ndarray:
    return np.array([[value for family in ANALYSED_FAMILIES for value in track.families[family]] for track in tracks])


# ---------------------------------------------------------------------------------------------------------------
# Without Spark


def test_empty_catalogue_cannot_succeed_and_says_what_to_do(train: Train) -> None:
    with pytest.raises(UnrecoverableError, match="NoFeatures: catalogue 'c' has no tracks: ingest some"):
        train()


@pytest.mark.parametrize("options", [{"k": (0, 8)}, {"family": (Family.TIMBRE, Family.TIMBRE)}])
def test_arguments_that_cannot_work_are_refused(train: Train, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        train(**options)


def test_missing_topic_is_named_with_the_way_out(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(ConfigurationError, match=r"topic .*absent does not exist: .*KafkaTopic.*SEGUE_TOPIC_CREATE"):
        end_positions(kafka_settings, [f"{kafka_settings.topic_prefix}.absent"])


# ---------------------------------------------------------------------------------------------------------------
# With Spark


@pytest.mark.slow
def test_same_data_and_seed_give_the_same_model_that_numpy_can_read(
    train: Train, stored: Stored, mongo_settings: MongoSettings
) -> None:
    tracks = list(synthetic_tracks("c", TRACKS))
    store_tracks(mongo_settings, tracks)
    first = train("first", k=(4, 8), promotion=PromotionPolicy.IF_NOT_WORSE)
    second = train("second", k=(8, 4), promotion=PromotionPolicy.IF_NOT_WORSE)
    assert (first.model, second.model, first.promoted, second.promoted) == ("c:1", "c:2", True, True)
    one, two = stored.assignments(1), stored.assignments(2)
    assert {track: entry.cluster for track, entry in one.items()} == {t: entry.cluster for t, entry in two.items()}
    model = stored.model()
    assert model.centres == stored.model(2).centres

    units = to_unit(model.scaler, raw(tracks)).rows
    centres = np.array(model.centres, dtype=np.float32)
    cells = nearest_cells(units, centres, 1)[:, 0]
    assert [one[track.track_id].cluster for track in tracks] == cells.tolist()
    distances = [one[track.track_id].distance for track in tracks]
    np.testing.assert_allclose(distances, centre_distances(units, centres, cells), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-6)

    trained = {
        track_id: (row, norm)
        for block in read_vectors(stored.target, model)
        for track_id, row, norm in zip(block.track_ids, block.rows, block.norms, strict=True)
    }
    rows, norms = zip(*(trained[track.track_id] for track in tracks), strict=True)
    np.testing.assert_allclose(rows, units, atol=1e-6)
    scaling = Scaling.from_model(model.scaler)
    standardised = scaling.standardise(raw(tracks))
    np.testing.assert_allclose(scaling.restore(np.array(rows), np.array(norms)), standardised, atol=1e-5)

    assert model.moments is not None
    moments, expected = Moments.from_model(model.moments, units.shape[1]), Moments.of(units)
    assert moments.tracks == TRACKS
    np.testing.assert_allclose(moments.mean, expected.mean, atol=1e-6)
    np.testing.assert_allclose(moments.covariance, expected.covariance, atol=1e-6)
    assert model.comparison is None
    found = stored.model(2).comparison
    assert found is not None
    assert (found.model, found.tracks, found.changed) == ("c:1", TRACKS, 0)
    assert all(one.before == one.after for one in found.today)

    others = np.random.default_rng(1).permutation(TRACKS).tolist()
    exchanged = [
        msgspec.structs.replace(track, families=tracks[other].families)
        for track, other in zip(tracks, others, strict=True)
    ]
    stored.target[Collection.TRACKS].delete_many({})
    store_tracks(mongo_settings, exchanged)
    with mock.patch.object(partition_work, "PARTITION_TRACKS", 100):  # as a large catalogue, by Spark's tasks
        third = train("third", k=(4,), promotion=PromotionPolicy.IF_NOT_WORSE)
    assert (third.model, third.promoted) == ("c:3", False)
    assert "compared tracks have changed since model 2 was trained, and lists are worse with them" in third.decision
    assert "model 2 was trained on other features than" in third.decay


@pytest.mark.slow
def test_clusters_keep_their_numbers_after_another_batch(
    train: Train, stored: Stored, mongo_settings: MongoSettings
) -> None:
    tracks = list(synthetic_tracks("c", 400, genres=3))
    store_tracks(mongo_settings, tracks[:300])
    train("first", k=(3,), promotion=PromotionPolicy.ALWAYS)
    store_tracks(mongo_settings, tracks[300:])
    train("second", k=(3,), promotion=PromotionPolicy.ALWAYS, seed=77)
    train("third", k=(4,), promotion=PromotionPolicy.ALWAYS)
    models = [stored.model(number) for number in (1, 2, 3)]
    assert [model.cluster_numbers for model in models] == [(0, 1, 2), (0, 1, 2), (0, 1, 2, 3)]
    for older, newer in pairwise(models):
        before = {entry.track_id: entry.cluster for entry in stored.assignments(older.number).values()}
        after = {entry.track_id: entry.cluster for entry in stored.assignments(newer.number).values()}
        stayed = sum(
            older.cluster_numbers[cluster] == newer.cluster_numbers[after[track]] for track, cluster in before.items()
        )
        assert stayed / len(before) > 0.8
        assert newer.metrics["churn"] == pytest.approx(1 - stayed / len(before))
    assert "churn" not in models[0].metrics


@pytest.mark.slow
@pytest.mark.parametrize(("count", "distinct"), [(1, 1), (2, 2), (7, 1)])
def test_smallest_catalogues_have_a_valid_model(
    train: Train, stored: Stored, mongo_settings: MongoSettings, count: int, distinct: int
) -> None:
    tracks = list(synthetic_tracks("c", count))
    copies = [
        msgspec.structs.replace(track, families=tracks[index % distinct].families) for index, track in enumerate(tracks)
    ]
    store_tracks(mongo_settings, copies)
    summary, model = train(k=(8, 64)), stored.model()
    assert (summary.tracks, summary.excluded, model.k, summary.promoted) == (count, 0, 1, True)
    assert all(
        "it must be less than the number of tracks" in str(skipped.skipped)
        for skipped in model.candidates
        if skipped.k > 1
    )
    np.testing.assert_allclose(np.linalg.norm(model.centres, axis=1), 1)
    assert np.isfinite(list(model.metrics.values())).all()
    entries = stored.assignments()
    assert {entry.cluster for entry in entries.values()} == {0}
    units = to_unit(model.scaler, raw(copies))
    assert not units.zero.any()


@pytest.mark.slow
def test_spark_scales_as_numpy_does(train: Train) -> None:
    random = np.random.default_rng(5)
    width = len(LAYOUT[Family.HARMONY])
    values = random.normal(0, 1, (200, width)) * random.lognormal(0, 3, width) + random.normal(0, 100, width)
    values[:, 2] = 0.1  # constant: its deviation is nothing but rounding
    values[5] *= 50  # beyond the clip
    heard = random.normal(0, 1, (200, 3)) @ random.normal(0, 1, (3, 40)) + random.normal(5, 0.1, (200, 40))
    rows = [
        (f"{index:03d}", *map(np.ndarray.tolist, pair)) for index, pair in enumerate(zip(values, heard, strict=True))
    ]
    layout = [
        FamilyLayout(family=Family.HARMONY, dimensions=LAYOUT[Family.HARMONY]),
        FamilyLayout(family=Family.LEARNED, dimensions=tuple(map(str, range(40)))),
    ]
    with spark_session("scale", threading.Event(), 3) as spark:
        frame = spark.createDataFrame(
            rows, "track_id string, harmony array<double>, learned array<double>"
        ).repartition(3)
        scaled = scale(frame, layout, 3)
        units = {row["track_id"]: row["unit"].toArray() for row in scaled.frame.collect()}
        by = [(track_id, f"artist {place % 60}" if place < 190 else None) for place, (track_id, *_) in enumerate(rows)]
        whitened = scale(frame, layout, 3, spark.createDataFrame(by, "track_id string, artist string"))
        white = {row["track_id"]: row["unit"].toArray() for row in whitened.frame.collect()}
    raw_values = np.hstack([values, heard])
    expected = to_unit(scaled.scaler, raw_values).rows
    np.testing.assert_allclose([units[track_id] for track_id, *_ in rows], expected, atol=1e-6)
    np.testing.assert_allclose(scaled.scaler.mean, raw_values.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(
        [white[track_id] for track_id, *_ in rows], to_unit(whitened.scaler, raw_values).rows, atol=1e-6
    )
    weighted = Scaling.from_model(scaled.scaler).standardise(raw_values) * scaled.scaler.weights
    folds = [Scatter.none(width) for _ in range(FOLDS)]
    for artist in range(60):
        folds[fold_of(f"artist {artist}")] += Scatter.of_artist(weighted[artist:190:60, :width])
    harmony, learned = whitened.scaler.maps
    shrinkage = choose_shrinkage(folds)
    moments = weighted[:, :width].T @ weighted[:, :width] / len(weighted)
    np.testing.assert_allclose(harmony.matrix, whitening_matrix(total(folds), shrinkage, moments), atol=1e-8)
    assert whitened.scaler.shrinkage[Family.HARMONY] == shrinkage
    assert np.array(learned.matrix).shape == (32, 40)
    assert not scaled.scaler.shrinkage

    [components] = scaled.scaler.maps
    assert (components.family, components.start, expected.shape[1]) == (Family.LEARNED, width, width + 32)
    matrix = np.array(components.matrix)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(32), atol=1e-9)
    # Three causes make nearly all of the family, so it keeps nearly all of its length.
    kept = np.linalg.norm(expected[:, width:], axis=1) / np.linalg.norm(expected[:, :width], axis=1)
    before = np.linalg.norm(weighted[:, width:], axis=1) / np.linalg.norm(weighted[:, :width], axis=1)
    np.testing.assert_allclose(kept, before, rtol=0.05)


@pytest.mark.slow
def test_plans_do_not_show_the_brokers_password(train: Train, kafka_settings: KafkaSettings) -> None:
    ensure_topics(kafka_settings)
    topic = kafka_settings.topic(Topic.FEATURES_RHYTHM)
    protected = replace(kafka_settings, sasl_mechanism="PLAIN", username="segue", password="hush-4711")
    ranges = [PartitionRange(topic=topic, partition=0, start=0, end=0)]
    with spark_session("plans", threading.Event(), 1) as spark:
        options = connection_options(protected)
        rows = spark.range(3).select(F.lit(topic).alias("topic"), F.lit("x").alias("value"))
        rows.write.format("kafka").options(**options).save()
        assert spark.read.format("kafka").options(**options, **range_options(ranges)).load().count() == 0
        executions = spark._jsparkSession.sharedState().statusStore().executionsList()
        shown = [executions.apply(index).physicalPlanDescription() for index in range(executions.size())]
    assert "hush-4711" in options["kafka.sasl.jaas.config"]
    assert any(topic in plan for plan in shown)
    assert not any("hush-4711" in plan for plan in shown)


@pytest.mark.slow
def test_catalogue_of_broken_tracks_alone_is_explained(train: Train, mongo_settings: MongoSettings) -> None:
    broken = [msgspec.structs.replace(track, families={}) for track in synthetic_tracks("c", 3)]
    store_tracks(mongo_settings, broken)
    with pytest.raises(UnrecoverableError, match=r"NoFeatures: none of the 3 tracks .*MissingFamily 3"):
        train()


@pytest.mark.slow
def test_lost_records_are_noticed_and_a_crashed_run_resumes_without_leftovers(
    train: Train, stored: Stored, mongo_settings: MongoSettings
) -> None:
    store_tracks(mongo_settings, synthetic_tracks("c", 30))
    whole = phases.publish_snapshot
    with (
        mock.patch.object(phases, "publish_snapshot", lambda *given: whole(*given)[:-1]),  # one partition is not read
        pytest.raises(ProgramError, match=r"the snapshot that Kafka returned is incomplete .*features\."),
    ):
        train()
    with mock.patch.object(model_versions, "publish", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        train()
    assert len(stored.assignments()) == 30
    assert stored.target[Collection.MODELS].count_documents({}) == 0
    stored.target[Collection.TRACKS].delete_one({"_id": "c:000007"})
    assert train().model == "c:1"
    assert len(stored.assignments()) == stored.model().tracks == 29
