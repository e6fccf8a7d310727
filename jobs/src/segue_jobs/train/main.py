"""One training run, from the catalogue in MongoDB to a published model."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import msgspec
import numpy as np
from pyspark.sql import SparkSession

from segue_core.broker.topics import ensure_topics
from segue_core.contract import Exclusion, TrainArguments, TrainSummary
from segue_core.contract.measures import Metric
from segue_core.errors import ConfigurationError, ProgramError, UnrecoverableError
from segue_core.features.layout import FEATURE_SET
from segue_core.program import Program, Termination
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.similarity.arrays import Doubles
from segue_core.similarity.cosines import nearest_centre
from segue_core.similarity.names import name_clusters
from segue_core.similarity.stability import feature_ranges
from segue_core.store import model_versions
from segue_core.store.assignments import read_places
from segue_core.store.database import Database, connect, database
from segue_core.store.models import Comparison, ModelDocument, PartitionRange, now
from segue_core.store.schema import prepare
from segue_core.store.tracks import IdRange, find_ear, find_ranges
from segue_core.store.unreadable import UnreadableDocumentError
from segue_core.store.vectors import count_vectors, read_vectors
from segue_jobs.train import assignment_tasks, phases
from segue_jobs.train.activation import find_active, promote
from segue_jobs.train.active_model import Bench, compare_with, is_comparable
from segue_jobs.train.clusters import KMeansOptions, fit_centres
from segue_jobs.train.evaluation import Evaluation
from segue_jobs.train.lineage import Lineage, first_lineage, follow, keep_names
from segue_jobs.train.mongo_source import load
from segue_jobs.train.partition_work import partitions_for
from segue_jobs.train.phases import Catalogue, Chosen, Units
from segue_jobs.train.placement import Placement, write
from segue_jobs.train.sample import SAMPLE_TRACKS, Sample
from segue_jobs.train.spark_session import spark_session
from segue_jobs.train.steps import Steps

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """What all parts of a run need."""

    arguments: TrainArguments
    kafka: KafkaSettings
    mongo: MongoSettings
    target: Database
    steps: Steps

    @property
    def kmeans(self) -> KMeansOptions:
        """Options for clustering."""
        return KMeansOptions(self.arguments.distance, self.arguments.seed, self.arguments.maximum_iterations)


@dataclass(frozen=True)
class Before:
    """The version that is active while the run trains, and cluster and distance of the sample's tracks that it has."""

    model: ModelDocument
    places: Mapping[str, tuple[int, float]]


@dataclass(frozen=True)
class Fitted:
    """A clustering of the whole catalogue, before it is published."""

    catalogue: Catalogue
    units: Units
    ranges: tuple[PartitionRange, ...]
    evaluation: Evaluation
    chosen: Chosen
    centres: Doubles
    """Ordered by their permanent numbers."""
    lineage: Lineage
    before: Before | None


def main(arguments: TrainArguments, program: Program) -> Termination:
    """Train, publish, promote.

    Raises
    ------
    UnrecoverableError
        The catalogue contains nothing to learn from.
    ProgramError
        A server does not answer, records are missing, or the program must stop: a retry can succeed.
    """
    _check(arguments)
    kafka, mongo = KafkaSettings.from_environment(), MongoSettings.from_environment()
    with connect(mongo) as client:
        run = Run(arguments, kafka, mongo, database(client, mongo), Steps(program.stopping))
        prepare(run.target)
        model = model_versions.find_published(run.target, arguments.run_uid)
        if model is None:
            model = _train(run, program)
        else:
            logger.info("this run has already published its model", extra={"model": model.key})
        with run.steps.phase("promote") as figures:
            decision = promote(run.target, model, arguments)
            figures |= {"model": model.key, "promoted": decision.promoted, "decision": decision.reason}
    return Termination(
        TrainSummary(
            tracks=model.tracks,
            excluded=sum(model.excluded_by_reason.values()),
            excluded_by_reason={str(reason): count for reason, count in model.excluded_by_reason.items()},
            model=model.key,
            k=model.k,
            metrics={name: f"{value:.4g}" for name, value in model.metrics.items()},
            promoted=decision.promoted,
            decision=decision.reason,
            decay=decision.decay,
        )
    )


def _check(arguments: TrainArguments) -> None:
    if len(set(arguments.family)) != len(arguments.family) or not arguments.family:
        raise ConfigurationError("--family must name at least one family, and none twice")
    if min(arguments.k, default=0) < 1:
        raise ConfigurationError("--k must be given at least once, with numbers of at least 1")


def _train(run: Run, program: Program) -> ModelDocument:
    ensure_topics(run.kafka)
    with run.steps.phase("read-ranges") as figures:
        ranges = find_ranges(run.target, run.arguments.catalogue)
        figures["tracks"] = tracks = sum(item.tracks for item in ranges)
    if not ranges:
        raise UnrecoverableError(
            f"NoFeatures: catalogue {run.arguments.catalogue!r} has no tracks: ingest some with a TrackBatch first"
        )
    with ExitStack() as stack:
        with run.steps.phase("start-spark"):
            name = f"segue-train-{run.arguments.run}"
            spark = stack.enter_context(spark_session(name, program.stopping, partitions_for(tracks)))
        return _publish(run, _fit(run, spark, ranges))


def _fit(run: Run, spark: SparkSession, ranges: Sequence[IdRange]) -> Fitted:
    arguments, phase = run.arguments, run.steps.phase
    with phase("load") as figures:
        loaded = load(spark, run.mongo, arguments.catalogue, arguments.family, ranges)
        catalogue = phases.sort_out(loaded, arguments.catalogue)
        figures |= {"usable": catalogue.usable, "excluded": catalogue.excluded.total()}
    with phase("publish") as figures:
        written = phases.publish_snapshot(catalogue, run.kafka, arguments)
        figures["records"] = catalogue.usable * len(arguments.family)
    with phase("read-back") as figures:
        joined = phases.read_snapshot(spark, run.kafka, written, arguments, catalogue.usable)
        figures["tracks"] = catalogue.usable
    with phase("scale") as figures:
        units = phases.to_units(joined, arguments.family, catalogue)
        sample = phases.take_sample(joined, units, catalogue, SAMPLE_TRACKS)
        figures |= {"dimensions": sample.vectors.shape[1], "zero": len(units.zero)}
    with phase("choose") as figures:
        evaluation = Evaluation(sample)
        chosen = phases.choose_clusters(evaluation, units.tracks, arguments.k, run.kmeans)
        figures |= {"k": chosen.choice.k, "reason": chosen.choice.reason}
    with phase("fit") as figures:
        centres = fit_centres(units.frame, chosen.choice.k, run.kmeans)
        lineage = _lineage(before := _before(run, sample), sample, centres)
        figures |= {"clusters": len(centres), "churn": lineage.churn}
    return Fitted(catalogue, units, written, evaluation, chosen, centres[lineage.order], lineage, before)


def _before(run: Run, sample: Sample) -> Before | None:
    model = find_active(run.target, run.arguments.catalogue)
    return None if model is None else Before(model, read_places(run.target, model.key, sample.ids))


def _lineage(before: Before | None, sample: Sample, centres: Doubles) -> Lineage:
    if before is None:
        return first_lineage(len(centres))
    rows = [row for row, track_id in enumerate(sample.ids) if track_id in before.places]
    old = np.array([before.places[sample.ids[row]][0] for row in rows], dtype=np.intp)
    return follow(before.model, old, nearest_centre(sample.vectors[rows], centres.astype(np.float32)), len(centres))


def _publish(run: Run, fitted: Fitted) -> ModelDocument:
    arguments = run.arguments
    with run.steps.phase("assign") as figures:
        number = model_versions.reserve_number(run.target, arguments.catalogue, arguments.run_uid)
        placement = Placement(run.mongo, arguments.catalogue, number, fitted.centres.astype(np.float32))
        model_versions.delete_content(run.target, placement.model)  # left by an attempt that crashed
        placed = assignment_tasks.write_placed(fitted.units.frame, placement, fitted.units.partitions)
        excluded = _write_excluded(run, fitted, placement)
        chunks = _count_chunks(run, placement, placed.sizes)
        figures |= {"model": placement.model, "tracks": placed.sizes.total(), "excluded": excluded.total()}
    with run.steps.phase("measure") as figures:
        document = msgspec.structs.replace(
            _document(run, fitted, placement, placed.sizes, excluded),
            moments=placed.moments.stored(), vector_chunks=chunks,
        )  # fmt: skip
        bench = Bench(fitted.evaluation.sample, placed.moments)
        model = msgspec.structs.replace(
            document, metrics=bench.metrics() | document.metrics, comparison=_comparison(run, fitted, document, bench)
        )
        figures |= {"compared": model.comparison is not None}
        return model_versions.publish(run.target, model)


def _comparison(run: Run, fitted: Fitted, model: ModelDocument, bench: Bench) -> Comparison | None:
    before = fitted.before
    if before is None or not is_comparable(model, before.model):
        return None
    try:
        return compare_with(before.model, bench, before.places, lambda: read_vectors(run.target, before.model))
    except ValueError as error:
        raise UnreadableDocumentError(f"model {before.model.key!r}", str(error)) from error


def _write_excluded(run: Run, fitted: Fitted, placement: Placement) -> Counter[Exclusion]:
    excluded = Counter(fitted.catalogue.excluded)
    if fitted.catalogue.excluded:
        assignment_tasks.write_excluded(fitted.catalogue.excluded_frame(), placement, fitted.catalogue.partitions)
    if fitted.units.zero:
        excluded[Exclusion.ZERO_VECTOR] += len(fitted.units.zero)
        message = "it equals the mean of the catalogue in every dimension, so it has no direction"
        write(run.mongo, (placement.exclude(track, Exclusion.ZERO_VECTOR, message) for track in fitted.units.zero))
    return excluded


def _count_chunks(run: Run, placement: Placement, sizes: Counter[int]) -> int:
    """Number of chunks that hold the model's vectors, once it is certain that they are complete."""
    stored = count_vectors(run.target, placement.model)
    if stored.tracks != sizes.total():
        raise ProgramError(
            f"the vectors of {stored.tracks:,} tracks are stored, but {sizes.total():,} tracks were placed: "
            "run the training again"
        )
    return stored.chunks


def _document(
    run: Run, fitted: Fitted, placement: Placement, sizes: Counter[int], excluded: Counter[Exclusion]
) -> ModelDocument:
    arguments, sample = run.arguments, fitted.evaluation.sample
    return ModelDocument(
        catalogue=arguments.catalogue,
        number=placement.number,
        run=arguments.run,
        run_uid=arguments.run_uid,
        created=now(),
        feature_set=FEATURE_SET,
        recipe=fitted.catalogue.recipe,
        layout=fitted.units.layout,
        scaler=fitted.units.scaler,
        k=len(fitted.centres),
        centres=tuple(tuple(row) for row in fitted.centres.tolist()),
        cluster_numbers=fitted.lineage.numbers,
        cluster_names=_names(fitted),
        cluster_sizes=tuple(sizes.get(cluster, 0) for cluster in range(len(fitted.centres))),
        next_cluster_number=fitted.lineage.next_number,
        sample_tracks=len(sample.ids),
        distance=arguments.distance,
        seed=arguments.seed,
        maximum_iterations=arguments.maximum_iterations,
        metrics=_metrics(fitted, sizes),
        candidates=fitted.chosen.candidates,
        snapshot=fitted.ranges,
        tracks=sizes.total(),
        feature_ranges=feature_ranges(sample.vectors),
        excluded_by_reason=dict(excluded),
        promotion=arguments.promotion,
        ear=find_ear(run.target, arguments.catalogue, fitted.catalogue.recipe),
        schema_version=fitted.units.scaler.schema_version,
    )


def _names(fitted: Fitted) -> tuple[str, ...]:
    sample = fitted.evaluation.sample
    if sample.aspects is None:
        raise ValueError("the sample has no aspects to name clusters by")
    clusters = nearest_centre(sample.vectors, fitted.centres.astype(np.float32))
    fresh = name_clusters(clusters, sample.aspects, sample.genres, len(fitted.centres))
    return keep_names(fresh, fitted.lineage.numbers, None if fitted.before is None else fitted.before.model)


def _metrics(fitted: Fitted, sizes: Counter[int]) -> dict[str, float]:
    """Measures of the clusters: their recall on held-out artists, the rest on the model itself."""
    counts, churn = [sizes.get(cluster, 0) for cluster in range(len(fitted.centres))], fitted.lineage.churn
    return {
        Metric.RECALL.value: fitted.chosen.metrics[Metric.RECALL],
        **({} if churn is None else {Metric.CHURN.value: churn}),
        Metric.SILHOUETTE.value: fitted.evaluation.silhouette(fitted.centres),
        Metric.SMALLEST.value: float(min(counts)),
        Metric.LARGEST.value: float(max(counts)),
    }
