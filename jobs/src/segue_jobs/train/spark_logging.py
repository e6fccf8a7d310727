"""Quietens Spark's logs; the one place that reaches into pyspark for the JVM's logging."""

from __future__ import annotations

import logging

from pyspark.sql import SparkSession

_NOISY = {
    "org.apache.spark.ml.util.Instrumentation": "ERROR",  # warns at every fit that blocks are cached
    "org.apache.spark.sql.kafka010": "ERROR",  # warns of every consumer that a task returns
    "org.apache.kafka": "ERROR",
}


def quieten(spark: SparkSession) -> None:
    """Log warnings and errors alone, and of the noisiest classes errors alone.

    Raises
    ------
    RuntimeError
        This version of pyspark gives no access to the JVM's logging.
    """
    logging.getLogger("py4j").setLevel(logging.WARNING)
    spark.sparkContext.setLogLevel("WARN")
    try:
        log4j = spark.sparkContext._jvm.org.apache.logging.log4j  # type: ignore[union-attr]  # noqa: SLF001
    except AttributeError as error:
        raise RuntimeError(
            "pyspark has changed: a SparkContext has no _jvm; see how to set the level of one logger now, and adapt "
            "segue_jobs.train.spark_logging"
        ) from error
    for name, level in _NOISY.items():
        log4j.core.config.Configurator.setLevel(name, log4j.Level.valueOf(level))
