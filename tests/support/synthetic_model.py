"""A model trained with numpy, for tests of what reads models: the documents are those that a training run publishes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segue_core.contract import ANALYSED_FAMILIES, Distance, Family, PromotionPolicy
from segue_core.features.layout import FEATURE_SET, LAYOUT, weights
from segue_core.recommend.assembly import Assembly
from segue_core.recommend.recommender import Recommender
from segue_core.similarity.cosines import centre_distances, nearest_cells
from segue_core.similarity.proximity import Moments
from segue_core.similarity.scaling import Scaling, UnitRows
from segue_core.store.models import Assignment, FamilyLayout, ModelDocument, Scaler, model_key
from segue_core.store.records import TrackRecord

CREATED = "2026-01-01T00:00:00Z"


def to_unit(scaler: Scaler, raw: np.ndarray) -> UnitRows:
    """Raw features as a model's unit vectors."""
    scaling = Scaling.from_model(scaler)
    return scaling.normalise(scaling.standardise(raw))


def unit_rows(count: int, dimensions: int, seed: int = 1) -> np.ndarray:
    """Random unit vectors, float32."""
    rows = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def raw_matrix(records: Sequence[TrackRecord], families: Sequence[Family]) -> np.ndarray:
    """Raw features, (n, d)."""
    return np.array([[value for family in families for value in record.families[family]] for record in records])


def cluster(vectors: np.ndarray, k: int, iterations: int = 10) -> np.ndarray:
    """Unit centres of a spherical k-means that begins with evenly spaced rows."""
    centres = vectors[np.linspace(0, len(vectors) - 1, k).astype(int)].copy()
    for _ in range(iterations):
        cells = nearest_cells(vectors, centres, 1)[:, 0]
        for number in np.unique(cells):
            mean = vectors[cells == number].mean(axis=0)
            centres[number] = mean / np.linalg.norm(mean)
    return centres


def train_model(
    records: Sequence[TrackRecord], *, k: int, number: int = 1, families: Sequence[Family] = ANALYSED_FAMILIES
) -> tuple[ModelDocument, list[Assignment]]:
    """Model and assignments of these tracks."""
    raw = raw_matrix(records, families)
    scaler = Scaler(
        mean=tuple(raw.mean(axis=0).tolist()),
        deviation=tuple((raw.std(axis=0, ddof=1) if len(raw) > 1 else np.ones(raw.shape[1])).tolist()),
        clip=4.0,
        weights=tuple(weight for family in families for weight in weights(family, len(LAYOUT[family]))),
    )
    vectors = to_unit(scaler, raw).rows
    centres = cluster(vectors, k)
    cells = nearest_cells(vectors, centres, 1)[:, 0]
    ids = [record.track_id for record in records]
    catalogue = records[0].catalogue
    model = ModelDocument(
        catalogue=catalogue,
        number=number,
        run="run",
        run_uid=f"run-{catalogue}-{number}",
        created=CREATED,
        feature_set=FEATURE_SET,
        recipe=records[0].recipe,
        layout=tuple(FamilyLayout(family=family, dimensions=LAYOUT[family]) for family in families),
        scaler=scaler,
        k=k,
        centres=tuple(map(tuple, centres.tolist())),
        distance=Distance.COSINE,
        seed=1,
        maximum_iterations=10,
        metrics={},
        candidates=(),
        snapshot=(),
        moments=Moments.of(vectors).stored(),
        tracks=len(records),
        excluded_by_reason={},
        promotion=PromotionPolicy.ALWAYS,
    )
    distances = centre_distances(vectors, centres, cells)
    assignments = [
        Assignment(
            model=model_key(catalogue, number),
            catalogue=catalogue,
            track_id=track_id,
            cluster=int(cells[row]),
            distance=float(distances[row]),
        )
        for row, track_id in enumerate(ids)
    ]
    return model, assignments


def assemble(model: ModelDocument, assignments: Sequence[Assignment], records: Sequence[TrackRecord]) -> Recommender:
    """The recommender of a model and the tracks that are stored."""
    assembly = Assembly(model)
    for assignment in assignments:
        assembly.assign(assignment)
    for record in records:
        assembly.add(record)
    return assembly.finish()
