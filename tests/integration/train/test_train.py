"""Training with a real broker, database and Spark; one JVM serves all tests of this module but the last."""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
from kafka import KafkaConsumer, TopicPartition
from pymongo import MongoClient
from pyspark.sql import functions as F  # noqa: N812

from segue_jobs.contract import Env, Exclusion, Family, PromotionPolicy, Topic, TrainArguments, TrainSummary
from segue_jobs.features.layout import LAYOUT
from segue_jobs.models import Assignment, ModelDocument, PartitionRange, model_key
from segue_jobs.recommend.catalogue import load_catalogue
from segue_jobs.records import FeatureRecord, TrackRecord
from segue_jobs.runtime.mongodb import Collection, Document, database
from segue_jobs.runtime.program import ConfigurationError, Program, ProgramError, UnrecoverableError
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings, ProgramSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_jobs.similarity.scaling import Scaling
from segue_jobs.similarity.search import centre_distances, nearest_cells
from segue_jobs.train import phases, registry
from segue_jobs.train.kafka_options import connection_options, range_options
from segue_jobs.train.main import main
from segue_jobs.train.session import spark_session
from segue_jobs.train.snapshot import end_positions
from segue_jobs.train.space import scale
from segue_operator.local.java import spark_kafka_jars
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.train_program import run_train

TRACKS = 300
Train = Callable[..., TrainSummary]


@pytest.fixture
def train(kafka_settings: KafkaSettings, mongo_settings: MongoSettings, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Runs the program inside the test."""
    jars = ",".join(map(str, spark_kafka_jars()))
    for name, value in {
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] --conf spark.ui.enabled=false --jars {jars} pyspark-shell",
        "PYSPARK_PYTHON": sys.executable,
        Env.KAFKA_BOOTSTRAP: kafka_settings.bootstrap,
        Env.TOPIC_PREFIX: kafka_settings.topic_prefix,
        Env.TOPIC_CREATE: "true",
        Env.MONGODB_URI: mongo_settings.uri,
        Env.DATABASE: mongo_settings.database,
    }.items():
        monkeypatch.setenv(name, value)

    def run(run_uid: str = "uid", **options: Any) -> TrainSummary:
        arguments = TrainArguments(catalogue="c", run="run", run_uid=run_uid, **options)
        summary = main(arguments, Program(ProgramSettings())).summary
        assert isinstance(summary, TrainSummary)
        return summary

    return run


class Stored:
    """What a run left in the database."""

    def __init__(self, client: MongoClient[Document], settings: MongoSettings) -> None:
        self.target = database(client, settings)

    def model(self, number: int = 1) -> ModelDocument:
        return msgspec.convert(self.target[Collection.MODELS].find_one({"_id": f"c:{number}"}), ModelDocument)

    def assignments(self, number: int = 1) -> dict[str, Assignment]:
        found = self.target[Collection.ASSIGNMENTS].find({"model": model_key("c", number)}, {"_id": 0})
        return {entry["trackId"]: msgspec.convert(entry, Assignment) for entry in found}


@pytest.fixture
def stored(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Stored:
    return Stored(mongo_client, mongo_settings)


def raw(tracks: list[TrackRecord]) -> np.ndarray:
    return np.array([[value for family in Family for value in track.families[family]] for track in tracks])


# ---------------------------------------------------------------------------------------------------------------
# Without Spark


def test_empty_catalogue_cannot_succeed_and_says_what_to_do(train: Train) -> None:
    with pytest.raises(UnrecoverableError, match="NoFeatures: catalogue 'c' has no tracks; ingest some"):
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

    units = Scaling.from_model(model.scaler).to_unit(raw(tracks)).rows
    centres = np.array(model.centres, dtype=np.float32)
    cells = nearest_cells(units, centres, 1)[:, 0]
    assert [one[track.track_id].cluster for track in tracks] == cells.tolist()
    distances = [one[track.track_id].distance for track in tracks]
    np.testing.assert_allclose(distances, centre_distances(units, centres, cells), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-6)


@pytest.mark.slow
def test_clusters_keep_their_numbers_when_a_batch_more_is_learnt(
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
        "not below the number of tracks" in str(skipped.skipped) for skipped in model.candidates if skipped.k > 1
    )
    np.testing.assert_allclose(np.linalg.norm(model.centres, axis=1), 1)
    assert np.isfinite(list(model.metrics.values())).all()
    entries = stored.assignments()
    assert {entry.cluster for entry in entries.values()} == {0}
    units = Scaling.from_model(model.scaler).to_unit(raw(copies))
    assert not units.zero.any()


@pytest.mark.slow
def test_spark_scales_as_numpy_does(train: Train) -> None:
    random = np.random.default_rng(5)
    width = len(LAYOUT[Family.HARMONY])
    values = random.normal(0, 1, (200, width)) * random.lognormal(0, 3, width) + random.normal(0, 100, width)
    values[:, 2] = 0.1  # constant: its deviation is nothing but rounding
    values[5] *= 50  # beyond the clip
    rows = [(f"{index:03d}", row.tolist()) for index, row in enumerate(values)]
    with spark_session("scale", threading.Event()) as spark:
        frame = spark.createDataFrame(rows, "track_id string, harmony array<double>").repartition(3)
        scaled = scale(frame, [Family.HARMONY])
        units = {row["track_id"]: row["unit"].toArray() for row in scaled.frame.collect()}
    expected = Scaling.from_model(scaled.scaler).to_unit(values).rows
    np.testing.assert_allclose([units[track_id] for track_id, _ in rows], expected, atol=1e-6)
    np.testing.assert_allclose(scaled.scaler.mean, values.mean(axis=0), rtol=1e-9)


@pytest.mark.slow
def test_plans_do_not_show_the_brokers_password(train: Train, kafka_settings: KafkaSettings) -> None:
    ensure_topics(kafka_settings)
    topic = kafka_settings.topic(Topic.FEATURES_RHYTHM)
    protected = replace(kafka_settings, sasl_mechanism="PLAIN", username="segue", password="hush-4711")
    ranges = [PartitionRange(topic=topic, partition=0, start=0, end=0)]
    with spark_session("plans", threading.Event()) as spark:
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


def spoilt(tracks: list[TrackRecord]) -> tuple[list[TrackRecord], dict[str, Exclusion]]:
    """The first tracks, each broken in its way."""
    changes: list[tuple[Exclusion, dict[str, Any]]] = [
        (Exclusion.MISSING_FAMILY, {"families": {Family.TIMBRE: tracks[0].families[Family.TIMBRE]}}),
        (Exclusion.NON_FINITE_FEATURE, {"families": {**tracks[1].families, Family.RHYTHM: (float("nan"),) * 6}}),
        (Exclusion.LAYOUT_MISMATCH, {"families": {**tracks[2].families, Family.HARMONY: (1.0, 2.0)}}),
        (Exclusion.RECIPE_MISMATCH, {"recipe": "recipe-0"}),
    ]
    broken = [msgspec.structs.replace(track, **change) for track, (_, change) in zip(tracks, changes, strict=False)]
    reasons = {track.track_id: reason for track, (reason, _) in zip(tracks, changes, strict=False)}
    return [*broken, *tracks[len(broken) :]], reasons


def published_features(kafka: KafkaSettings, model: ModelDocument) -> Counter[str]:
    """Records of the model's run in the model's offsets, by topic; each must be one of the project's records."""
    consumer = KafkaConsumer(**kafka.client_options(), group_id=None, enable_auto_commit=False)
    found: Counter[str] = Counter()
    for part in model.snapshot:
        if part.start == part.end:
            continue
        partition = TopicPartition(part.topic, part.partition)
        consumer.assign([partition])
        consumer.seek(partition, part.start)
        while consumer.position(partition) < part.end:
            for message in consumer.poll(timeout_ms=1000).get(partition, []):
                record = msgspec.json.decode(message.value, type=FeatureRecord)
                assert message.key.decode() == f"c:{record.track_id}"
                assert record.snapshot == model.run_uid
                found[part.topic] += 1
    consumer.close()
    return found


@pytest.mark.slow
def test_program_accounts_for_every_track_and_shows_no_secret(
    stored: Stored, kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    tracks, reasons = spoilt(list(synthetic_tracks("c", TRACKS)))
    store_tracks(mongo_settings, tracks)
    events, secret = tmp_path / "events", "hush-4711"
    events.mkdir()
    hidden = MongoSettings(uri=f"{mongo_settings.uri}&comment={secret}", database=mongo_settings.database)
    arguments = TrainArguments(catalogue="c", run="run", run_uid="uid", k=(8, 1000))
    conf = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": events.as_uri(),
    }
    code, summary, log = run_train(arguments, kafka_settings, hidden, tmp_path, conf)

    assert code == 0, log
    assert not re.search(r"(?m)^\d\d/\d\d/\d\d .* (INFO|WARN) |log4j profile", log)
    assert (summary.tracks, summary.excluded, summary.model, summary.promoted) == (TRACKS - 4, 4, "c:1", True)
    assert {"precisionAt10", "lift", "reachAt10", "hubnessSkew", "silhouette"} <= summary.metrics.keys()
    entries, model = stored.assignments(), stored.model()
    assert entries.keys() == {track.track_id for track in tracks}
    assert not load_catalogue(stored.target, "c").tracks.new.any()
    assert {track: entry.excluded for track, entry in entries.items() if entry.excluded} == reasons
    assert all(entry.message for entry in entries.values() if entry.excluded)
    sizes = Counter(entry.cluster for entry in entries.values() if entry.excluded is None)
    assert (min(sizes.values()), max(sizes.values())) == (
        model.metrics["clusterSizeMin"], model.metrics["clusterSizeMax"],
    )  # fmt: skip
    assert [candidate.k for candidate in model.candidates if candidate.skipped] == [1000]
    assert published_features(kafka_settings, model) == {
        kafka_settings.topic(f"features.{family}"): TRACKS - 4 for family in LAYOUT
    }
    shown = log + "".join(path.read_text(errors="replace") for path in events.rglob("*") if path.is_file())
    assert "segue-train-run" in shown
    assert secret not in shown

    code, again, _ = run_train(arguments, kafka_settings, hidden, tmp_path)
    assert (code, again.model, again.promoted) == (0, "c:1", True)
    assert stored.target[Collection.MODELS].count_documents({}) == 1


@pytest.mark.slow
def test_lost_records_are_noticed_and_a_crashed_run_is_taken_up_without_traces(
    train: Train, stored: Stored, mongo_settings: MongoSettings
) -> None:
    store_tracks(mongo_settings, synthetic_tracks("c", 30))
    whole = phases.publish_snapshot
    with (
        mock.patch.object(phases, "publish_snapshot", lambda *given: whole(*given)[:-1]),  # one partition is not read
        pytest.raises(ProgramError, match=r"did not come back whole from Kafka .*features\."),
    ):
        train()
    with mock.patch.object(registry, "publish", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        train()
    assert len(stored.assignments()) == 30
    assert stored.target[Collection.MODELS].count_documents({}) == 0
    stored.target[Collection.TRACKS].delete_one({"_id": "c:000007"})
    assert train().model == "c:1"
    assert len(stored.assignments()) == stored.model().tracks == 29
