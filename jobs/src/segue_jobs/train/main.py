"""One training run, from the catalogue in MongoDB to a published model."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from pymongo.database import Database
from pyspark.sql import SparkSession

from segue_jobs.contract import Exclusion, TrainArguments, TrainSummary
from segue_jobs.features.layout import FEATURE_SET, LAYOUT
from segue_jobs.models import FamilyLayout, ModelDocument, PartitionRange, model_key
from segue_jobs.runtime.mongodb import Document, connect, database, ensure_indexes
from segue_jobs.runtime.program import ConfigurationError, Outcome, Program, UnrecoverableError
from segue_jobs.runtime.settings import KafkaSettings, MongoSettings
from segue_jobs.runtime.topics import ensure_topics
from segue_jobs.similarity.arrays import Doubles, Integers
from segue_jobs.similarity.search import nearest_cells
from segue_jobs.train import assignments, phases, registry
from segue_jobs.train.catalogue import IdRange, find_ranges, load
from segue_jobs.train.choice import Metric
from segue_jobs.train.clusters import Method
from segue_jobs.train.evaluation import Evaluation, sample_size
from segue_jobs.train.lineage import Lineage, first_lineage, follow, old_clusters
from segue_jobs.train.phases import Catalogue, Chosen, Units
from segue_jobs.train.placement import Placement, write
from segue_jobs.train.session import spark_session
from segue_jobs.train.steps import Steps

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """What all parts of a run share."""

    arguments: TrainArguments
    kafka: KafkaSettings
    mongo: MongoSettings
    target: Database[Document]
    steps: Steps

    @property
    def method(self) -> Method:
        """How to cluster."""
        return Method(self.arguments.distance, self.arguments.seed, self.arguments.maximum_iterations)


@dataclass(frozen=True)
class Fitted:
    """A clustering of the whole catalogue that is not published yet."""

    catalogue: Catalogue
    units: Units
    ranges: tuple[PartitionRange, ...]
    evaluation: Evaluation
    chosen: Chosen
    centres: Doubles
    """In the order of their lasting numbers."""
    lineage: Lineage
    reference: Integers
    """Rows of the sample that give every track's proximity statistics."""


def main(arguments: TrainArguments, program: Program) -> Outcome:
    """Train, publish, promote.

    Raises
    ------
    UnrecoverableError
        The catalogue holds nothing to learn from.
    ProgramError
        A server does not answer, records are missing, or the program was asked to stop: a repeated run goes on.
    """
    _check(arguments)
    kafka, mongo = KafkaSettings.from_environment(), MongoSettings.from_environment()
    with connect(mongo) as client:
        run = Run(arguments, kafka, mongo, database(client, mongo), Steps(program.stopping))
        ensure_indexes(run.target)
        model = registry.find_published(run.target, arguments.run_uid)
        if model is None:
            model = _train(run, program)
        else:
            logger.info("this run has published its model before", extra={"model": _key(model)})
        with run.steps.phase("promote") as figures:
            decision = registry.promote(run.target, model, arguments)
            figures |= {"model": _key(model), "promoted": decision.promoted, "decision": decision.reason}
    return Outcome(
        TrainSummary(
            tracks=model.tracks,
            excluded=sum(model.excluded_by_reason.values()),
            excluded_by_reason={str(reason): count for reason, count in model.excluded_by_reason.items()},
            model=_key(model),
            k=model.k,
            metrics={name: f"{value:.4g}" for name, value in model.metrics.items()},
            promoted=decision.promoted,
            decision=decision.reason,
        )
    )


def _check(arguments: TrainArguments) -> None:
    if len(set(arguments.family)) != len(arguments.family) or not arguments.family:
        raise ConfigurationError("--family must name one family or more, each once")
    if not arguments.k or min(arguments.k) < 1:
        raise ConfigurationError("--k must name one number or more, each at least 1")


def _key(model: ModelDocument) -> str:
    return model_key(model.catalogue, model.number)


def _train(run: Run, program: Program) -> ModelDocument:
    ensure_topics(run.kafka)
    with run.steps.phase("read-ranges") as figures:
        ranges = find_ranges(run.target, run.arguments.catalogue)
        figures["tracks"] = sum(item.tracks for item in ranges)
    if not ranges:
        raise UnrecoverableError(
            f"NoFeatures: catalogue {run.arguments.catalogue!r} has no tracks; ingest some with a TrackBatch first"
        )
    with ExitStack() as stack:
        with run.steps.phase("start-spark"):
            spark = stack.enter_context(spark_session(f"segue-train-{run.arguments.run}", program.stopping))
        return _publish(run, _fit(run, spark, ranges))


def _fit(run: Run, spark: SparkSession, ranges: Sequence[IdRange]) -> Fitted:
    arguments, phase = run.arguments, run.steps.phase
    with phase("load") as figures:
        catalogue = phases.sort_out(
            load(spark, run.mongo, arguments.catalogue, arguments.family, ranges), arguments.catalogue
        )
        figures |= {"usable": catalogue.usable, "excluded": catalogue.excluded.total()}
    with phase("publish") as figures:
        written = phases.publish_snapshot(catalogue, run.kafka, arguments)
        figures["records"] = catalogue.usable * len(arguments.family)
    with phase("read-back") as figures:
        joined = phases.read_snapshot(spark, run.kafka, written, arguments, catalogue.usable)
        figures["tracks"] = catalogue.usable
    with phase("scale") as figures:
        units = phases.to_units(joined, arguments.family, catalogue.usable)
        evaluation = Evaluation(phases.take_sample(spark, units, catalogue, sample_size(arguments.k)))
        figures |= {"dimensions": evaluation.sample.vectors.shape[1], "zero": len(units.zero)}
    with phase("choose") as figures:
        chosen = phases.choose_clusters(spark, evaluation, units, arguments.k, run.method)
        figures |= {"k": chosen.choice.k, "reason": chosen.choice.reason}
    with phase("fit") as figures:
        centres = phases.fit_final(units, chosen.choice.k, run.method)
        lineage = _lineage(run, evaluation, centres)
        figures |= {"clusters": len(centres), "churn": lineage.churn}
    reference = evaluation.sample.reference_rows(arguments.seed)
    return Fitted(catalogue, units, written, evaluation, chosen, centres[lineage.order], lineage, reference)


def _lineage(run: Run, evaluation: Evaluation, centres: Doubles) -> Lineage:
    before = registry.find_active(run.target, run.arguments.catalogue)
    if before is None:
        return first_lineage(len(centres))
    sample = evaluation.sample
    old = old_clusters(run.target, before, sample.ids)
    new = nearest_cells(sample.vectors, centres.astype(np.float32), 1)[:, 0]
    return follow(before, old[old >= 0], new[old >= 0], len(centres))


def _publish(run: Run, fitted: Fitted) -> ModelDocument:
    arguments = run.arguments
    with run.steps.phase("assign") as figures:
        number = registry.reserve_number(run.target, arguments.catalogue, arguments.run_uid)
        sample = fitted.evaluation.sample
        placement = Placement(
            settings=run.mongo,
            catalogue=arguments.catalogue,
            number=number,
            centres=fitted.centres.astype(np.float32),
            reference_ids=tuple(sample.ids[row] for row in fitted.reference),
            reference=sample.vectors[fitted.reference],
        )
        assignments.forget_earlier_attempt(run.target, placement.model)
        sizes = assignments.write_placed(fitted.units.frame, placement)
        excluded = _write_excluded(run, fitted, placement)
        model = registry.publish(run.target, _document(run, fitted, placement, sizes, excluded))
        figures |= {"model": placement.model, "tracks": sizes.total(), "excluded": excluded.total()}
    return model


def _write_excluded(run: Run, fitted: Fitted, placement: Placement) -> Counter[Exclusion]:
    excluded = Counter(fitted.catalogue.excluded)
    if fitted.catalogue.excluded:
        assignments.write_excluded(fitted.catalogue.excluded_frame(), placement)
    if fitted.units.zero:
        excluded[Exclusion.ZERO_VECTOR] += len(fitted.units.zero)
        message = "is the mean of the catalogue in every dimension and has no direction"
        rows = (placement.exclude(track, Exclusion.ZERO_VECTOR, message) for track in fitted.units.zero)
        write(run.mongo, rows)
    return excluded


def _document(
    run: Run, fitted: Fitted, placement: Placement, sizes: Counter[int], excluded: Counter[Exclusion]
) -> ModelDocument:
    arguments, sample = run.arguments, fitted.evaluation.sample
    return ModelDocument(
        catalogue=arguments.catalogue,
        number=placement.number,
        run=arguments.run,
        run_uid=arguments.run_uid,
        created=registry.now(),
        feature_set=FEATURE_SET,
        recipe=fitted.catalogue.recipe,
        layout=tuple(FamilyLayout(family=family, dimensions=LAYOUT[family]) for family in arguments.family),
        scaler=fitted.units.scaler,
        k=len(fitted.centres),
        centres=tuple(tuple(row) for row in fitted.centres.tolist()),
        cluster_numbers=fitted.lineage.numbers,
        next_cluster_number=fitted.lineage.next_number,
        sample_tracks=len(sample.ids),
        distance=arguments.distance,
        seed=arguments.seed,
        maximum_iterations=arguments.maximum_iterations,
        metrics=_metrics(fitted, sizes),
        candidates=fitted.chosen.candidates,
        snapshot=fitted.ranges,
        reference=placement.reference_ids,
        tracks=sizes.total(),
        excluded_by_reason=dict(excluded),
        promotion=arguments.promotion,
    )


def _metrics(fitted: Fitted, sizes: Counter[int]) -> dict[str, float]:
    """Relevance and stability on held-out artists; reach, hubs and sizes of the model itself; lists as served."""
    counts = [sizes.get(cluster, 0) for cluster in range(len(fitted.centres))]
    churn = fitted.lineage.churn
    return {
        **fitted.chosen.metrics,
        **fitted.evaluation.served(fitted.chosen.centres, fitted.centres, fitted.reference),
        **({} if churn is None else {Metric.CHURN.value: churn}),
        Metric.SILHOUETTE.value: fitted.evaluation.silhouette(fitted.centres),
        Metric.SMALLEST.value: float(min(counts)),
        Metric.LARGEST.value: float(max(counts)),
    }
