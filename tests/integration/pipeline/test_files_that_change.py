"""A collection over several batches: what is deleted, moved, replaced and broken, and a folder that is not mounted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Document, database
from segue_core.store.presence import hidden_ids
from segue_core.store.tracks import rows_with_ids
from support.audio import write_tune
from support.batches import nonzero
from support.pipeline import Segue, batch_of, servers_of

pytestmark = pytest.mark.slow

NAMES = tuple("abcdefgh")


def counts(segue: Segue, name: str) -> dict[str, int]:
    """The counts of a batch that are not 0."""
    tracks = segue.document("get", f"trackbatch/{name}")["status"]["tracks"]
    assert tracks["listed"] == tracks["stored"] + tracks["rejected"]
    return nonzero(tracks)


def test_tracks_follow_their_files(
    tmp_path: Path,
    kafka_settings: KafkaSettings,
    mongo_settings: MongoSettings,
    mongo_client: MongoClient[Document],
) -> None:
    segue = Segue(tmp_path, environment=servers_of(kafka_settings, mongo_settings))
    target = database(mongo_client, mongo_settings)
    music = tmp_path / "music"
    for seed, name in enumerate(NAMES):
        write_tune(music / f"{name}.wav", 6.0, seed=seed)
    batch = batch_of(music, maxRejectedPercent=100)
    batch["spec"]["source"]["maxMissingPercent"] = 50
    assert segue.apply(batch).returncode == 0
    assert counts(segue, "songs") == {"listed": 8, "extracted": 8, "stored": 8, "added": 8}

    (music / "a.wav").unlink()
    (music / "b.wav").rename(music / "moved.wav")
    (music / "c.wav").write_bytes(b"no audio" * 1000)
    write_tune(music / "d.wav", 9.0, seed=50)
    shutil.copy(music / "e.wav", music / "copy.wav")
    ended = segue.apply(batch, "--again")
    assert "8 listed: 2 came, 3 went, 1 moved" in ended.stdout, ended.stdout + ended.stderr
    assert counts(segue, "songs") == {
        "listed": 8, "extracted": 2, "skipped": 5, "rejected": 1, "stored": 7, "added": 2, "removed": 3, "moved": 1,
    }  # fmt: skip
    assert hidden_ids(target, "songs") == {"a", "c", "d"}
    rows = {row.track_id: row.path for row in rows_with_ids(target, "songs", [*NAMES, "copy", "d~2", "moved"])}
    assert rows == {
        **{name: f"{name}.wav" for name in NAMES}, "b": "moved.wav", "copy": "copy.wav", "d~2": "d.wav",
    }  # fmt: skip

    assert segue.apply(batch, "--again").returncode == 0
    assert counts(segue, "songs") == {"listed": 8, "skipped": 7, "rejected": 1, "stored": 7}

    music.rename(tmp_path / "unmounted")
    music.mkdir()
    ended = segue.apply(batch, "--again")
    assert ended.returncode == 1
    assert "TooManyMissing: 7 of the 7 tracks" in ended.stderr
    assert hidden_ids(target, "songs") == {"a", "c", "d"}

    other = batch_of(tmp_path / "other", "other", maxRejectedPercent=100)
    other["spec"]["catalogue"] = "songs"
    write_tune(tmp_path / "other" / "e.wav", 7.0, seed=60)
    shutil.copy(tmp_path / "unmounted" / "f.wav", tmp_path / "other" / "f.wav")
    assert segue.apply(other).returncode == 0
    assert counts(segue, "other") == {"listed": 2, "skipped": 1, "rejected": 1, "stored": 1, "added": 1}
    (rejection,) = (entry for entry in segue.document("rejected", "--catalogue", "songs") if entry["batch"] == "other")
    assert rejection["reason"] == "IdTaken"
    assert str(music) in rejection["message"]
    assert str(tmp_path / "other") in rejection["message"]
