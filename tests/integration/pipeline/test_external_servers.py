"""A broker and a database of the user's own: nothing is embedded beside them, and they outlive every command."""

from __future__ import annotations

from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from pymongo import MongoClient

from segue_core.contract import Topic
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.database import Collection, Document, database, of_catalogue
from support.pipeline import Segue, batch_of, make_music, servers_of
from support.processes import command_line, descendants, naming, need_proc

pytestmark = pytest.mark.slow

TRACKS = 40


def commands_below(pid: int) -> str:
    return "\n".join(command_line(child) for child in descendants(pid))


def test_both_are_used_and_neither_is_stopped(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, mongo_client: MongoClient[Document], tmp_path: Path
) -> None:
    need_proc()
    segue = Segue(tmp_path, environment=servers_of(kafka_settings, mongo_settings))
    batch = batch_of(make_music(tmp_path / "music", TRACKS))
    with segue.begin_apply(batch) as running:
        running.wait_until(lambda: "segue_jobs.sink" in commands_below(running.process.pid))
        commands = commands_below(running.process.pid)
        assert "kafka.Kafka" not in commands
        assert "secantus" not in commands
        down = segue("down")
        assert f"ended process {running.process.pid}" in down.stdout, down.stderr
        assert running.wait() == 130
    again = segue.apply(batch)
    assert again.returncode == 0, again.stderr

    target = database(mongo_client, mongo_settings)
    assert target[Collection.TRACKS].count_documents(of_catalogue("songs")) == TRACKS
    admin = KafkaAdminClient(**kafka_settings.client_options())
    try:
        assert kafka_settings.topic(Topic.TRACKS) in admin.list_topics()
    finally:
        admin.close()
    assert {path.name for path in segue.state.iterdir()}.isdisjoint({"kafka", "mongodb"})
    assert naming(tmp_path) == []
    files = [path for path in segue.state.rglob("*") if path.is_file()]
    assert files
    assert not any(mongo_settings.uri.encode() in path.read_bytes() for path in files)
