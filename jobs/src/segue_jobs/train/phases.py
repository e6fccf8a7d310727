"""The phases of a run that Spark does, each a function from what came before to a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_jobs.contract import Exclusion, Family, TrainArguments
from segue_jobs.models import Candidate, PartitionRange, Scaler
from segue_jobs.runtime.program import ProgramError, UnrecoverableError
from segue_jobs.runtime.settings import KafkaSettings
from segue_jobs.similarity.arrays import Doubles
from segue_jobs.train import snapshot
from segue_jobs.train.choice import Choice, Metric, choose, feasible, score
from segue_jobs.train.clusters import Method, fit_centres
from segue_jobs.train.evaluation import Evaluation, Sample
from segue_jobs.train.space import partitions_for, scale
from segue_jobs.train.usable import choose_recipe, recipe_mismatch

_TRIALS_AT_ONCE = 4
"""A trial's jobs are too small to fill two cores: several at once take two thirds of the time."""
_STABILITY_SEED = 7919
"""Added to the run's seed for the second clustering of a trial."""


@dataclass(frozen=True)
class Catalogue:
    """All loaded tracks, and what the model can use of them."""

    frame: DataFrame
    """By `schema.loaded`; tracks of other recipes are excluded as well."""
    recipe: str
    usable: int
    excluded: Counter[Exclusion]

    def usable_frame(self) -> DataFrame:
        """Tracks that can be in the model."""
        return self.frame.where(F.col("excluded").isNull())

    def excluded_frame(self) -> DataFrame:
        """Tracks that cannot, with ``excluded`` and ``message``."""
        return self.frame.where(F.col("excluded").isNotNull()).select("track_id", "excluded", "message")


@dataclass(frozen=True)
class Units:
    """The catalogue in the model's space."""

    frame: DataFrame
    """``track_id``, ``unit``; in fixed order, cached."""
    tracks: int
    zero: tuple[str, ...]
    """Tracks that have no direction."""
    scaler: Scaler


@dataclass(frozen=True)
class Chosen:
    """The number of clusters, and how it was found."""

    choice: Choice
    candidates: tuple[Candidate, ...]
    metrics: Mapping[str, float]
    """Of the chosen candidate."""
    centres: Doubles
    """(k, d) of the chosen candidate, which the held-out artists have no part in."""


def sort_out(loaded: DataFrame, catalogue: str) -> Catalogue:
    """Count what was loaded, choose the recipe, exclude the tracks of others.

    Raises
    ------
    UnrecoverableError
        No track can be used.
    """
    loaded = loaded.cache()
    counts = loaded.groupBy("recipe", "excluded").count().collect()
    excluded = Counter({Exclusion(row["excluded"]): 0 for row in counts if row["excluded"]})
    recipes: Counter[str] = Counter()
    for row in counts:
        if row["excluded"]:
            excluded[Exclusion(row["excluded"])] += row["count"]
        else:
            recipes[row["recipe"]] += row["count"]
    if not recipes:
        reasons = ", ".join(f"{reason} {count}" for reason, count in excluded.most_common())
        raise UnrecoverableError(
            f"NoFeatures: none of the {excluded.total()} tracks of {catalogue!r} can be used "
            f"({reasons or 'it is empty'}); ingest them again with a TrackBatch, then run again"
        )
    recipe = choose_recipe(recipes)
    others = sum(count for other, count in recipes.items() if other != recipe)
    if others:
        excluded[Exclusion.RECIPE_MISMATCH] += others
    return Catalogue(_exclude_other_recipes(loaded, recipes, recipe), recipe, recipes[recipe], excluded)


def _exclude_other_recipes(loaded: DataFrame, recipes: Mapping[str, int], chosen: str) -> DataFrame:
    for other in sorted(set(recipes) - {chosen}):
        mine = F.col("excluded").isNull() & (F.col("recipe") == other)
        problem = recipe_mismatch(other, chosen)
        loaded = loaded.withColumns(
            {
                "message": F.when(mine, F.lit(problem.message)).otherwise(F.col("message")),
                "excluded": F.when(mine, F.lit(str(problem.reason))).otherwise(F.col("excluded")),
            }
        )
    return loaded


def publish_snapshot(
    catalogue: Catalogue, settings: KafkaSettings, arguments: TrainArguments
) -> tuple[PartitionRange, ...]:
    """Publish the usable tracks' features; returns the offsets between which they lie."""
    topics = list(snapshot.family_topics(settings, arguments.family).values())
    before = snapshot.end_positions(settings, topics)
    snapshot.publish(
        catalogue.usable_frame(), settings,
        catalogue=arguments.catalogue, snapshot=arguments.run_uid, families=arguments.family,
    )  # fmt: skip
    return snapshot.ranges_between(before, snapshot.end_positions(settings, topics))


def read_snapshot(
    spark: SparkSession,
    settings: KafkaSettings,
    ranges: Sequence[PartitionRange],
    arguments: TrainArguments,
    tracks: int,
) -> DataFrame:
    """Read the snapshot back into a cached frame in fixed order, proven complete.

    Raises
    ------
    ProgramError
        Records are missing.
    """
    joined = snapshot.read_back(
        spark, settings, ranges,
        snapshot=arguments.run_uid, families=arguments.family, partitions=partitions_for(tracks),
    ).cache()  # fmt: skip
    snapshot.verify(joined, tracks, arguments.family, settings)
    return joined


def to_units(joined: DataFrame, families: Sequence[Family], tracks: int) -> Units:
    """Scale a snapshot.

    Raises
    ------
    UnrecoverableError
        No track has a direction.
    """
    scaled = scale(joined, families)
    frame = scaled.frame.cache()
    zero = tuple(row["track_id"] for row in frame.where("zero").select("track_id").collect())
    if len(zero) == tracks:
        raise UnrecoverableError(
            f"NoFeatures: all features of all {tracks} tracks are 0; check the audio and ingest it again"
        )
    return Units(frame.where(~F.col("zero")).select("track_id", "unit"), tracks - len(zero), zero, scaled.scaler)


def take_sample(spark: SparkSession, units: Units, catalogue: Catalogue, size: int) -> Sample:
    """Bring at most so many tracks to the driver, to choose by; the same ones for the same catalogue.

    Raises
    ------
    ProgramError
        The database changed in the middle.
    """
    frame = units.frame.select("track_id", vector_to_array(F.col("unit")).alias("vector"))
    if units.tracks > size:
        frame = frame.orderBy(F.xxhash64("track_id"), "track_id").limit(size)
    table = frame.toArrow().sort_by("track_id")
    ids = table.column("track_id").to_pylist()
    named = _only(spark, catalogue.usable_frame().select("track_id", "artist", "genres"), ids)
    names = named.toArrow().sort_by("track_id")
    if names.column("track_id").to_pylist() != ids:  # a lost executor's tracks were loaded again, and had changed
        raise ProgramError("the catalogue's tracks changed while they were read; run again")
    flat = table.column("vector").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return Sample(
        ids=tuple(ids),
        vectors=flat.reshape(table.num_rows, -1).astype(np.float32),
        artists=tuple(names.column("artist").to_pylist()),
        genres=tuple(map(tuple, names.column("genres").to_pylist())),
    )


def choose_clusters(
    spark: SparkSession, evaluation: Evaluation, units: Units, ks: Sequence[int], method: Method
) -> Chosen:
    """Cluster the fitted part of the sample with every feasible k and two seeds, measure, choose."""
    sample = evaluation.sample
    frame = _fitted_part(spark, units, sample).cache()
    possible = feasible(ks, units.tracks)
    again = method.with_seed(method.seed + _STABILITY_SEED)

    def trial(k: int) -> tuple[Doubles, dict[str, float]]:
        centres = fit_centres(frame, k, method)
        metrics = evaluation.candidate(centres, fit_centres(frame, k, again))
        return centres, metrics | {Metric.SCORE.value: score(metrics)}

    frame.count()
    with ThreadPoolExecutor(_TRIALS_AT_ONCE) as pool:
        trials = dict(zip(possible.ks, pool.map(trial, possible.ks), strict=True))
    frame.unpersist()
    measured = {k: metrics for k, (_, metrics) in trials.items()}
    choice = choose(measured)
    tried = tuple(Candidate(k=k, metrics=metrics) for k, metrics in measured.items())
    candidates = tuple(sorted((*tried, *possible.skipped), key=lambda candidate: candidate.k))
    return Chosen(choice, candidates, measured[choice.k], trials[choice.k][0])


def _fitted_part(spark: SparkSession, units: Units, sample: Sample) -> DataFrame:
    rows = np.flatnonzero(~sample.held_out)
    if len(rows) == units.tracks:
        return units.frame
    fitted = _only(spark, units.frame, [sample.ids[row] for row in rows])
    return fitted.coalesce(partitions_for(len(rows)))


def _only(spark: SparkSession, frame: DataFrame, track_ids: Sequence[str]) -> DataFrame:
    """Rows of these tracks, in the frame's order."""
    wanted = spark.createDataFrame(pa.table({"track_id": pa.array(track_ids, pa.string())}), "track_id string")
    return frame.join(F.broadcast(wanted), "track_id", "left_semi")


def fit_final(units: Units, k: int, method: Method) -> Doubles:
    """Cluster all tracks; returns (k, d) centres."""
    return fit_centres(units.frame, k, method)
