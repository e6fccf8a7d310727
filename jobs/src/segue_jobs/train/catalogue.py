"""Loading a catalogue from MongoDB: every task reads one range of ``_id`` with a cursor of its own.

Two jar-free ways were measured on 20,000 tracks: ``mapInArrow`` over the ranges (used here) and Spark's Python
DataSource. They read equally fast (3.0 s warm), but a DataSource also starts Python processes to plan, and its options
stand in the query plan; here the connection travels inside the task's closure, which no plan, page or log shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pymongo.database import Database
from pyspark.sql import DataFrame, SparkSession

from segue_jobs.contract import Family
from segue_jobs.runtime.mongodb import Collection, Document, connect, database, of_catalogue
from segue_jobs.runtime.settings import MongoSettings
from segue_jobs.train import schema
from segue_jobs.train.usable import find_problem

_BATCH_TRACKS = 1000
_RANGE_TRACKS = 20_000
"""MongoDB finds a range by its index; the embedded server looks through the collection for each, so they are few."""
_MINIMUM_RANGES, _MAXIMUM_RANGES = 2, 64


@dataclass(frozen=True)
class IdRange:
    """Ids ``start <= _id < end`` and how many tracks they were when counted."""

    start: str
    end: str
    tracks: int


def find_ranges(target: Database[Document], catalogue: str) -> tuple[IdRange, ...]:
    """Cut a catalogue's ids into ranges of about equal size, which together cover every id.

    An empty catalogue has no range.
    """
    whole = of_catalogue(catalogue)["_id"]
    stored = target[Collection.TRACKS].estimated_document_count()
    count = min(max(-(-stored // _RANGE_TRACKS), _MINIMUM_RANGES), _MAXIMUM_RANGES)
    buckets = list(
        target[Collection.TRACKS].aggregate(
            [
                {"$match": of_catalogue(catalogue)},
                {"$project": {"_id": 1}},
                {"$bucketAuto": {"groupBy": "$_id", "buckets": count}},
            ],
            allowDiskUse=True,
        )
    )
    # The outer ends are the catalogue's own: a track that arrives meanwhile falls into a range, too.
    starts = [whole["$gte"], *(bucket["_id"]["min"] for bucket in buckets[1:])]
    ends = [*starts[1:], whole["$lt"]]
    return tuple(
        IdRange(start=start, end=end, tracks=bucket["count"])
        for start, end, bucket in zip(starts, ends, buckets, strict=False)
    )


def load(
    spark: SparkSession,
    settings: MongoSettings,
    catalogue: str,
    families: Sequence[Family],
    ranges: Sequence[IdRange],
) -> DataFrame:
    """Frame of all tracks of the ranges, by `schema.loaded`; one partition a range, not sorted."""

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for index in batch.column(0).to_pylist():
                yield from read_range(settings, catalogue, families, ranges[index])

    return spark.range(0, len(ranges), 1, len(ranges)).mapInArrow(read, schema.loaded(families))


def read_range(
    settings: MongoSettings, catalogue: str, families: Sequence[Family], wanted: IdRange
) -> Iterator[pa.RecordBatch]:
    """Rows of one range in batches; runs in a Spark task."""
    fields = {"recipe", "metadata.artist", "metadata.genres", *(f"families.{family}" for family in families)}
    arrow = schema.loaded_arrow(families)
    with connect(settings) as client:
        cursor = database(client, settings)[Collection.TRACKS].find(
            {"catalogue": catalogue, "_id": {"$gte": wanted.start, "$lt": wanted.end}},
            dict.fromkeys(sorted(fields), 1),
            batch_size=_BATCH_TRACKS,
        )
        rows: list[dict[str, Any]] = []
        for document in cursor:
            rows.append(to_row(document, catalogue, families))
            if len(rows) == _BATCH_TRACKS:
                yield pa.RecordBatch.from_pylist(rows, schema=arrow)
                rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=arrow)


def to_row(document: Document, catalogue: str, families: Sequence[Family]) -> dict[str, Any]:
    """One row by `schema.loaded`; the vectors of an excluded track are left out."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    artist, genres = metadata.get("artist"), metadata.get("genres")
    row: dict[str, Any] = {
        "track_id": document["_id"][len(catalogue) + 1 :],
        "artist": artist if isinstance(artist, str) else None,
        "genres": [name for name in genres if isinstance(name, str)] if isinstance(genres, list | tuple) else [],
    }
    if problem := find_problem(document, families):
        return row | {"excluded": str(problem.reason), "message": problem.message}
    return row | {"recipe": document["recipe"]} | {str(family): document["families"][family] for family in families}
