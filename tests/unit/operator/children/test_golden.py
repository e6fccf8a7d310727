"""What the builders make, as files to review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.sink_deployment import build_sink_deployment
from segue_operator.children.spark_application import build_spark_application
from segue_operator.children.verify_job import build_verify_job
from support.children import OVERRIDES, PLAIN, SECURED, batch_model, run_model

CLAIM = {
    "volume": {"persistentVolumeClaim": {"claimName": "fma"}},
    "audioPath": "fma_small",
    "metadata": {"path": "meta/tracks.csv", "format": "Flat", "columns": {"id": "track", "title": "name"}},
}
FULL_BATCH: dict[str, Any] = {
    "source": CLAIM,
    "extraction": {"engine": "Librosa", "shards": 16, "parallelism": 4, "window": {"position": "Whole"}},
    "sink": {"replicas": 2, "keepRunning": True},
    "activeDeadlineSeconds": 3600,
    "podOverrides": OVERRIDES,
}
RUN_OVERRIDES = {key: value for key, value in OVERRIDES.items() if key != "resources"}
CHILDREN: list[tuple[str, Any]] = [
    ("extract-small", build_extract_job(batch_model(extraction={"engine": "Librosa"}), PLAIN)),
    ("extract-full", build_extract_job(batch_model("fma-small", **FULL_BATCH), SECURED)),
    ("verify-small", build_verify_job(batch_model(), PLAIN)),
    ("sink-small", build_sink_deployment(batch_model(), PLAIN)),
    ("sink-full", build_sink_deployment(batch_model("fma-small", **FULL_BATCH), SECURED)),
    ("train-small", build_spark_application(run_model(), 1, PLAIN)),
    (
        "train-full",
        build_spark_application(
            run_model(families=["timbre", "rhythm"], kmeans={"k": [4, 8]}, podOverrides=RUN_OVERRIDES), 3, SECURED
        ),
    ),
]


@pytest.mark.parametrize(("name", "child"), CHILDREN, ids=[name for name, _ in CHILDREN])
def test_children_are_as_reviewed(golden: Callable[[str, Any], None], name: str, child: Any) -> None:
    golden(name, child)
