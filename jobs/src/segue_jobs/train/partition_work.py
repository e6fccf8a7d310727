"""Python's work on the rows of a frame: in Spark's tasks, or in the driver for a catalogue of one partition.

A Python worker has to start and to import what its function needs. For a small catalogue that takes longer than the
work, and with one partition there is nothing to divide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

PARTITION_TRACKS = 10_000
"""Tracks per partition. There are few partitions, because each iteration of a clustering is a job; their number depends
only on the catalogue, because the order of rows and of sums must not depend on the machines."""

Work = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
"""From the batches of a partition to those of the result, at least one. It runs in a task: its modules must not import
MLlib."""


def partitions_for(tracks: int) -> int:
    """Number of partitions for this many tracks."""
    return max(1, -(-tracks // PARTITION_TRACKS))


def transformed(frame: DataFrame, work: Work, result: StructType, partitions: int) -> DataFrame:
    """The frame that the work makes of another one, partition by partition and in the same order.

    Parameters
    ----------
    partitions
        Number of the frame's partitions.
    """
    if partitions > 1:
        return frame.mapInArrow(work, result)
    return frame.sparkSession.createDataFrame(_in_driver(frame, work), result).coalesce(1)


def collected(frame: DataFrame, work: Work, result: StructType, partitions: int) -> pa.Table:
    """What the work makes of a frame, brought to the driver; see `transformed`."""
    return frame.mapInArrow(work, result).toArrow() if partitions > 1 else _in_driver(frame, work)


def _in_driver(frame: DataFrame, work: Work) -> pa.Table:
    return pa.Table.from_batches(list(work(frame.toArrow().to_batches())))
