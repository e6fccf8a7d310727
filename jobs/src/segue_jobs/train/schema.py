"""Explicit schemas for everything that passes through Spark; nothing is inferred from data."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from segue_core.contract import Family

FEATURE_RECORD = StructType(
    [
        StructField("catalogue", StringType(), nullable=False),
        StructField("trackId", StringType(), nullable=False),
        StructField("snapshot", StringType(), nullable=False),
        StructField("recipe", StringType(), nullable=False),
        StructField("vector", ArrayType(DoubleType(), containsNull=False), nullable=False),
        StructField("schemaVersion", IntegerType(), nullable=False),
    ]
)
"""`records.FeatureRecord` as JSON on the feature topics."""

WRITTEN = StructType(
    [
        StructField("cluster", IntegerType()),
        StructField("tracks", IntegerType(), nullable=False),
        StructField("sums", BinaryType()),
    ]
)
"""What a task reports: the number of assignments it wrote for each cluster, and for null those excluded; in one row,
the sums over its vectors and their outer products as float64."""


def written_arrow() -> pa.Schema:
    """The same as `WRITTEN` for Arrow."""
    return pa.schema([("cluster", pa.int32()), ("tracks", pa.int32()), ("sums", pa.binary())])


ARTIST_SUMS = StructType(
    [
        StructField("fold", IntegerType(), nullable=False),
        StructField("artists", IntegerType(), nullable=False),
        StructField("freedom", DoubleType(), nullable=False),
        StructField("tracks", LongType(), nullable=False),
        StructField("products", ArrayType(DoubleType(), containsNull=False), nullable=False),
    ]
)
"""What a task sums over the artists of a fold, from `artist_sums`."""

WEIGHTED = StructType(
    [
        StructField("track_id", StringType(), nullable=False),
        StructField("weighted", ArrayType(DoubleType(), containsNull=False), nullable=False),
    ]
)
"""Vectors before they get unit length."""


def loaded(families: Sequence[Family]) -> StructType:
    """A track as loaded from MongoDB: usable and with all its vectors, or excluded and with a message."""
    return StructType(
        [
            StructField("track_id", StringType(), nullable=False),
            StructField("recipe", StringType()),
            StructField("artist", StringType()),
            StructField("genres", ArrayType(StringType(), containsNull=False), nullable=False),
            StructField("tempo", DoubleType()),
            StructField("excluded", StringType()),
            StructField("message", StringType()),
            *(StructField(family, ArrayType(DoubleType(), containsNull=False)) for family in families),
        ]
    )


def loaded_arrow(families: Sequence[Family]) -> pa.Schema:
    """The same as `loaded` for Arrow."""
    numbers = pa.list_(pa.field("element", pa.float64(), nullable=False))
    return pa.schema(
        [
            pa.field("track_id", pa.string(), nullable=False),
            pa.field("recipe", pa.string()),
            pa.field("artist", pa.string()),
            pa.field("genres", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
            pa.field("tempo", pa.float64()),
            pa.field("excluded", pa.string()),
            pa.field("message", pa.string()),
            *(pa.field(family, numbers) for family in families),
        ]
    )
