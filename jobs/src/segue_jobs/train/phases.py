"""The phases of a run that use Spark; each is a function of the results before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own convention

from segue_core.contract import Distance, Exclusion, Family, TrainArguments
from segue_core.errors import ProgramError, UnrecoverableError
from segue_core.features.recipes import dimension_names
from segue_core.settings import KafkaSettings
from segue_core.similarity import kmeans
from segue_core.similarity.aspects import ASPECTS, TEMPO, TempoScale, aspect_values
from segue_core.similarity.scaling import Scaling
from segue_core.store.models import Candidate, FamilyLayout, PartitionRange, Scaler
from segue_jobs.train import snapshot
from segue_jobs.train.choice import SMALLEST_CLUSTER, Choice, choose, feasible
from segue_jobs.train.clusters import KMeansOptions
from segue_jobs.train.evaluation import Evaluation
from segue_jobs.train.mongo_source import Loaded
from segue_jobs.train.partition_work import partitions_for
from segue_jobs.train.sample import Sample
from segue_jobs.train.spark_scaling import scale
from segue_jobs.train.usable import choose_recipe, recipe_mismatch


@dataclass(frozen=True)
class Catalogue:
    """All loaded tracks, and which of them the model can use."""

    frame: DataFrame
    """With `schema.loaded`; tracks with other recipes are excluded as well."""
    partitions: int
    recipe: str
    usable: int
    excluded: Counter[Exclusion]

    def usable_frame(self) -> DataFrame:
        """Tracks that the model can use."""
        return self.frame.where(F.col("excluded").isNull())

    def excluded_frame(self) -> DataFrame:
        """Tracks that it cannot use, with ``excluded`` and ``message``."""
        return self.frame.where(F.col("excluded").isNotNull()).select("track_id", "excluded", "message")


@dataclass(frozen=True)
class Units:
    """The catalogue in the model's space."""

    frame: DataFrame
    """``track_id``, ``unit`` and ``norm``, in a fixed order, cached."""
    partitions: int
    tracks: int
    zero: tuple[str, ...]
    """Tracks without a direction."""
    scaler: Scaler
    layout: tuple[FamilyLayout, ...]


@dataclass(frozen=True)
class Chosen:
    """The number of clusters, and how it was found."""

    choice: Choice
    candidates: tuple[Candidate, ...]
    metrics: Mapping[str, float]
    """Measures of the chosen candidate."""


def sort_out(loaded: Loaded, catalogue: str) -> Catalogue:
    """Choose the recipe, and exclude tracks with other recipes.

    Raises
    ------
    UnrecoverableError
        No tracks can be used.
    """
    excluded: Counter[Exclusion] = Counter()
    recipes: Counter[str] = Counter()
    for (recipe, exclusion), count in loaded.counts.items():
        if exclusion is not None:
            excluded[Exclusion(exclusion)] += count
        elif recipe is not None:
            recipes[recipe] += count
    if not recipes:
        reasons = ", ".join(f"{reason} {count}" for reason, count in excluded.most_common())
        raise UnrecoverableError(
            f"NoFeatures: none of the {excluded.total()} tracks of {catalogue!r} can be used "
            f"({reasons or 'it is empty'}): ingest them again with a TrackBatch, then run the training again"
        )
    recipe = choose_recipe(recipes)
    others = sum(count for other, count in recipes.items() if other != recipe)
    if others:
        excluded[Exclusion.RECIPE_MISMATCH] += others
    frame = _exclude_other_recipes(loaded.frame, recipes, recipe)
    return Catalogue(frame, loaded.partitions, recipe, recipes[recipe], excluded)


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
    """Publish the features of the usable tracks; return the ranges of offsets that contain them."""
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
    """Read the snapshot back into a cached frame in a fixed order, and check that it is complete.

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


def to_units(joined: DataFrame, families: Sequence[Family], catalogue: Catalogue) -> Units:
    """Scale a snapshot.

    Raises
    ------
    UnrecoverableError
        No track has a direction.
    """
    tracks = catalogue.usable
    layout = tuple(
        FamilyLayout(family=family, dimensions=dimension_names(family, catalogue.recipe) or ()) for family in families
    )
    partitions = partitions_for(tracks)
    scaled = scale(joined, layout, partitions, catalogue.usable_frame().select("track_id", "artist"))
    frame = scaled.frame.cache()
    zero = tuple(row["track_id"] for row in frame.where("zero").select("track_id").collect())
    if len(zero) == tracks:
        raise UnrecoverableError(
            f"NoFeatures: all features of all {tracks} tracks are 0: check the audio and ingest it again"
        )
    units = frame.where(~F.col("zero")).select("track_id", "unit", "norm")
    return Units(units, partitions, tracks - len(zero), zero, scaled.scaler, layout)


def take_sample(joined: DataFrame, units: Units, catalogue: Catalogue, size: int) -> Sample:
    """Bring a sample of at most ``size`` tracks to the driver, always the same for the same catalogue.

    Parameters
    ----------
    joined
        The snapshot as it was read back.

    Raises
    ------
    ProgramError
        The database changed during the run.
    """
    features = F.concat(*(F.col(part.family) for part in units.layout))
    frame = joined.select("track_id", features.alias("raw"))
    is_whole = units.tracks + len(units.zero) <= size
    if not is_whole:
        frame = frame.orderBy(F.xxhash64("track_id"), "track_id").limit(size)
    table = frame.toArrow().sort_by("track_id")
    ids = table.column("track_id").to_pylist()
    labels = catalogue.usable_frame().select("track_id", "artist", "genres", "tempo")
    names = (labels if is_whole else _only(joined.sparkSession, labels, ids)).toArrow().sort_by("track_id")
    if names.column("track_id").to_pylist() != ids:  # the tracks of a lost executor were loaded again, and had changed
        raise ProgramError("the catalogue's tracks changed while they were read: run the training again")
    raw = table.column("raw").combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(ids), -1)
    scaling = Scaling.from_model(units.scaler)
    standardised = scaling.standardise(raw)
    placed = scaling.normalise(standardised)
    rows = np.flatnonzero(~placed.zero)
    tempos = names.column("tempo").to_numpy(zero_copy_only=False).astype(np.float32)
    aspects = aspect_values(standardised, [name for part in units.layout for name in part.dimensions])
    aspects[:, ASPECTS.index(TEMPO)] = TempoScale.of(tempos[rows]).values(tempos)
    artists, genres = names.column("artist").to_pylist(), names.column("genres").to_pylist()
    return Sample(
        ids=tuple(ids[row] for row in rows),
        raw=raw[rows],
        vectors=placed.rows[rows],
        artists=tuple(artists[row] for row in rows),
        genres=tuple(tuple(genres[row]) for row in rows),
        aspects=aspects[rows],
    )


def choose_clusters(evaluation: Evaluation, tracks: int, ks: Sequence[int], options: KMeansOptions) -> Chosen:
    """Cluster the sample without the held-out tracks, with every feasible k; measure and choose.

    Parameters
    ----------
    tracks
        Size of the whole catalogue.
    """
    sample = evaluation.sample
    fitted = sample.vectors[~sample.held_out]
    possible = feasible(ks, tracks)
    measured: dict[int, dict[str, float]] = {}
    for k in possible.ks:
        centres = kmeans.fit_centres(
            fitted, k, seed=options.seed, iterations=options.maximum_iterations,
            normalised=options.distance is Distance.COSINE,
        )  # fmt: skip
        measured[k] = evaluation.candidate(centres)
    choice = choose(measured, evaluation.exact, SMALLEST_CLUSTER * len(sample.ids) / tracks)
    tried = tuple(Candidate(k=k, metrics=metrics) for k, metrics in measured.items())
    candidates = tuple(sorted((*tried, *possible.skipped), key=lambda candidate: candidate.k))
    return Chosen(choice, candidates, measured[choice.k])


def _only(spark: SparkSession, frame: DataFrame, track_ids: Sequence[str]) -> DataFrame:
    """The rows of these tracks, in the order of the frame."""
    wanted = spark.createDataFrame(pa.table({"track_id": pa.array(track_ids, pa.string())}), "track_id string")
    return frame.join(F.broadcast(wanted), "track_id", "left_semi")
