"""pyspark still has what Segue uses beyond its public interface."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pyspark import SparkContext

from segue_jobs.train.spark_logging import quieten


def test_a_spark_context_gives_access_to_the_jvm() -> None:
    assert hasattr(SparkContext, "_jvm"), "pyspark has changed: see spark_logging"


def test_a_pyspark_without_it_says_what_to_do() -> None:
    context = SimpleNamespace(setLogLevel=lambda _level: None)
    with pytest.raises(RuntimeError, match=r"pyspark has changed: .*adapt segue_jobs.train.spark_logging"):
        quieten(SimpleNamespace(sparkContext=context))
