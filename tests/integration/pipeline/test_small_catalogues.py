"""Catalogues at the lower end through the command line: no track at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_core.settings import KafkaSettings, MongoSettings
from support.pipeline import Segue, batch_of, run_of, servers_of

pytestmark = pytest.mark.slow


def test_an_empty_folder_fails_the_batch_and_its_training_with_the_path(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    (tmp_path / "music").mkdir()
    segue = Segue(tmp_path, environment=servers_of(kafka_settings, mongo_settings))
    ended = segue.apply(batch_of(tmp_path / "music"), run_of())
    assert ended.returncode == 1
    assert "error: trackbatch/songs failed: NoTracks: no track was found under source.audioPath '.'" in ended.stderr
    assert "error: trainingrun/songs failed: BatchIncomplete: TrackBatch songs failed" in ended.stderr
    assert segue.logs("train") == []
    asked = segue("recommend", "--catalogue", "songs", "--track", "1")
    assert asked.returncode == 2
    assert asked.stderr.startswith("error: ")
