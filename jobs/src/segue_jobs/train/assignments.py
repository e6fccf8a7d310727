"""The assignments of a model: every task places its tracks and inserts them in transactions of bounded size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow as pa
from pymongo.database import Database
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_jobs.contract import Exclusion
from segue_jobs.runtime.mongodb import Collection, Document
from segue_jobs.train import schema
from segue_jobs.train.placement import Placement, place_all, report, write


def forget_earlier_attempt(target: Database[Document], model: str) -> int:
    """Delete what a crashed attempt wrote under this number; returns how many documents."""
    return target[Collection.ASSIGNMENTS].delete_many({"model": model}).deleted_count


def write_placed(units: DataFrame, placement: Placement) -> Counter[int]:
    """Place and write all tracks of a frame; returns the tracks of each cluster.

    Parameters
    ----------
    units
        ``track_id`` and ``unit``.
    """

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        written = write(placement.settings, place_all(batches, placement))
        yield report(written)

    rows = (
        units.select("track_id", vector_to_array(F.col("unit")).alias("unit"))
        .mapInArrow(work, schema.WRITTEN)
        .collect()
    )
    return _sum(rows)


def write_excluded(excluded: DataFrame, placement: Placement) -> int:
    """Write the excluded tracks of a frame; returns how many.

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


def _sum(rows: Iterable[tuple[int, int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for cluster, tracks in rows:
        total[cluster] += tracks
    return total
