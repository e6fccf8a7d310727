"""The training program as a process, submitted to Spark: it accounts for every track and shows no secret."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition

from segue_core.contract import Exclusion, Family, TrainArguments
from segue_core.features.layout import LAYOUT
from segue_core.recommend.catalogue import load_catalogue
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Collection
from segue_core.store.models import ModelDocument
from segue_core.store.records import FeatureRecord, TrackRecord
from support.stored_model import Stored
from support.synthetic_tracks import store_tracks, synthetic_tracks
from support.train_program import run_train

TRACKS = 300


def spoilt(tracks: list[TrackRecord]) -> tuple[list[TrackRecord], dict[str, Exclusion]]:
    """The first tracks, each broken in a different way."""
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
    """Records of the model's run within the model's offsets, by topic; each must be a valid feature record."""
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
