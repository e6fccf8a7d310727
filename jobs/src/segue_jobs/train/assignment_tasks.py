"""Writes what a model holds of its tracks: every task places some, and writes their vectors and assignments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_core.contract import Exclusion
from segue_core.similarity.proximity import Moments, MomentSums
from segue_jobs.train import schema
from segue_jobs.train.partition_work import collected
from segue_jobs.train.placement import Placement, blocks, read_sums, report, write, write_block


@dataclass(frozen=True)
class Placed:
    """What was written of all tracks."""

    sizes: Counter[int]
    """Number of tracks in each cluster."""
    moments: Moments
    """Of their vectors."""


def write_placed(units: DataFrame, placement: Placement, partitions: int) -> Placed:
    """Place and write all tracks of a frame.

    Parameters
    ----------
    units
        ``track_id``, ``unit`` and ``norm``.
    partitions
        Number of their partitions.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        written: Counter[int | None] = Counter()
        sums = MomentSums.of(placement.centres[:0])
        for block in blocks(batches):
            written += write_block(block, placement)
            sums += MomentSums.of(block.rows)
        yield report(written, sums)

    arrays = units.select("track_id", vector_to_array(F.col("unit")).alias("unit"), "norm")
    rows = collected(arrays, work, schema.WRITTEN, partitions).to_pylist()
    sizes: Counter[int] = Counter()
    for row in rows:
        sizes[row["cluster"]] += row["tracks"]
    sums = read_sums(sizes.total(), placement.centres.shape[1], [row["sums"] for row in rows if row["sums"]])
    return Placed(sizes, sums.moments())


def write_excluded(excluded: DataFrame, placement: Placement, partitions: int) -> int:
    """Write the excluded tracks of a frame; return their number.

    Parameters
    ----------
    excluded
        ``track_id``, ``excluded`` and ``message``.
    partitions
        Number of their partitions.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = (row for batch in batches for row in batch.to_pylist())
        assignments = (placement.exclude(row["track_id"], Exclusion(row["excluded"]), row["message"]) for row in rows)
        yield report(write(placement.settings, assignments))

    columns = excluded.select("track_id", "excluded", "message")
    rows = collected(columns, work, schema.WRITTEN, partitions).to_pylist()
    return sum(int(row["tracks"]) for row in rows)
