"""Starting Spark: quiet, without secrets in its pages, stopped when the program is to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

REDACTED = "(?i)secret|password|passwd|token|access[.]?key|jaas|mongodb(\\+srv)?://"
"""What Spark blanks out in plans, pages and logs, by an option's name or value."""

_NOISY = {
    "org.apache.spark.ml.util.Instrumentation": "ERROR",  # warns at every fit that blocks are cached
    "org.apache.spark.sql.kafka010": "ERROR",  # warns of every consumer that a task returns
    "org.apache.kafka": "ERROR",
}

logger = logging.getLogger(__name__)


@contextmanager
def spark_session(name: str, stopping: threading.Event) -> Iterator[SparkSession]:
    """Spark for the time of a run; master, memory and pages are the submitter's to choose.

    Jobs are cancelled once ``stopping`` is set, so that the program can leave in time.
    """
    spark = (
        SparkSession.builder.appName(name)
        .config("spark.redaction.regex", REDACTED)
        .config("spark.sql.redaction.options.regex", REDACTED)
        # A track's records are at most a handful: grouping them by hash needs no sort.
        .config("spark.sql.objectHashAggregate.sortBased.fallbackThreshold", "1000000")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "4096")
        # Partitions are fixed by the catalogue's size, so that the same data gives the same clusters.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    _quieten(spark)
    done = threading.Event()
    watcher = threading.Thread(target=_cancel_on_stop, args=(spark, stopping, done), daemon=True)
    watcher.start()
    try:
        yield spark
    finally:
        done.set()
        watcher.join()
        spark.stop()


def _quieten(spark: SparkSession) -> None:
    logging.getLogger("py4j").setLevel(logging.WARNING)
    spark.sparkContext.setLogLevel("WARN")
    log4j = spark.sparkContext._jvm.org.apache.logging.log4j  # type: ignore[union-attr]  # noqa: SLF001 - no other door
    for name, level in _NOISY.items():
        log4j.core.config.Configurator.setLevel(name, log4j.Level.valueOf(level))


def _cancel_on_stop(spark: SparkSession, stopping: threading.Event, done: threading.Event) -> None:
    while not done.wait(0.2):
        if stopping.is_set():
            logger.info("cancelling Spark's jobs")
            spark.sparkContext.cancelAllJobs()
            return
