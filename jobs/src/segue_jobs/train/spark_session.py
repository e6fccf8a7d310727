"""Starts Spark: quietly, without secrets on its pages, and so that it stops with the program."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from segue_jobs.train.spark_logging import quieten

REDACTED = "(?i)secret|password|passwd|token|access[.]?key|jaas|mongodb(\\+srv)?://"
"""Options that Spark redacts in plans, pages and logs, by name or value."""

logger = logging.getLogger(__name__)


@contextmanager
def spark_session(name: str, stopping: threading.Event, partitions: int) -> Iterator[SparkSession]:
    """A Spark session for the time of a run; the submitter chooses master, memory and pages.

    When ``stopping`` is set, running jobs are cancelled, so that the program can exit in time.

    Parameters
    ----------
    partitions
        Into which joins divide the catalogue.
    """
    spark = (
        SparkSession.builder.appName(name)
        .config("spark.redaction.regex", REDACTED)
        .config("spark.sql.redaction.options.regex", REDACTED)
        # A track has only a handful of records: grouping them by hash needs no sort.
        .config("spark.sql.objectHashAggregate.sortBased.fallbackThreshold", "1000000")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "4096")
        # The catalogue's size determines the partitions, so that the same data gives the same clusters.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.shuffle.partitions", str(partitions))
        .getOrCreate()
    )
    quieten(spark)
    done = threading.Event()
    watcher = threading.Thread(target=_cancel_on_stop, args=(spark, stopping, done), daemon=True)
    watcher.start()
    try:
        yield spark
    finally:
        done.set()
        watcher.join()
        spark.stop()


def _cancel_on_stop(spark: SparkSession, stopping: threading.Event, done: threading.Event) -> None:
    while not done.wait(0.2):
        if stopping.is_set():
            logger.info("cancelling Spark's jobs")
            spark.sparkContext.cancelAllJobs()
            return
