"""The training program inside a test, and what it has stored."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pymongo import MongoClient

from segue.servers.java import spark_kafka_jars
from segue_core.contract import Env, TrainArguments, TrainSummary
from segue_core.program import Program
from segue_core.settings import KafkaSettings, MongoSettings, ProgramSettings
from segue_core.store.database import Document
from segue_jobs.train.main import main
from support.stored_model import Stored
from support.train_program import Train

SHORT_LIVED = "-XX:TieredStopAtLevel=1"
"""For a JVM that lives for seconds: compiling well what runs a few times would be most of its work."""


@pytest.fixture
def train(kafka_settings: KafkaSettings, mongo_settings: MongoSettings, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Runs the program inside the test."""
    jars = ",".join(map(str, spark_kafka_jars()))
    for name, value in {
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] --conf spark.ui.enabled=false --driver-java-options {SHORT_LIVED} "
        f"--jars {jars} pyspark-shell",
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


@pytest.fixture
def stored(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Stored:
    return Stored(mongo_client, mongo_settings)
