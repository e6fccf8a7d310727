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
from segue_jobs.train.placement import Placement, blocks, read_sums, report, write, write_block


@dataclass(frozen=True)
class Placed:
    """What was written of all tracks."""

    sizes: Counter[int]
    """Number of tracks in each cluster."""
    moments: Moments
    """Of their vectors."""


def write_placed(units: DataFrame, placement: Placement) -> Placed:
    """Place and write all tracks of a frame.

    Parameters
    ----------
    units
        ``track_id``, ``unit`` and ``norm``.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        written: Counter[int | None] = Counter()
        sums = MomentSums.of(placement.centres[:0])
        for block in blocks(batches):
            written += write_block(block, placement)
            sums += MomentSums.of(block.rows)
        yield report(written, sums)

    rows = (
        units.select("track_id", vector_to_array(F.col("unit")).alias("unit"), "norm")
        .mapInArrow(work, schema.WRITTEN)
        .collect()
    )
    sizes: Counter[int] = Counter()
    for row in rows:
        sizes[row["cluster"]] += row["tracks"]
    sums = read_sums(sizes.total(), placement.centres.shape[1], [row["sums"] for row in rows if row["sums"]])
    return Placed(sizes, sums.moments())


def write_excluded(excluded: DataFrame, placement: Placement) -> int:
    """Write the excluded tracks of a frame; return their number.

    Parameters
    ----------
    excluded
        ``track_id``, ``excluded`` and ``message``.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = (row for batch in batches for row in batch.to_pylist())
        assignments = (placement.exclude(row["track_id"], Exclusion(row["excluded"]), row["message"]) for row in rows)
        yield report(write(placement.settings, assignments))

    rows = excluded.select("track_id", "excluded", "message").mapInArrow(work, schema.WRITTEN).collect()
    return sum(int(row["tracks"]) for row in rows)
