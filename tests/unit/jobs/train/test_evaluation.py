"""Measuring clusterings on held-out artists."""

import numpy as np
import pytest

from segue_core.contract.measures import Metric
from segue_jobs.train.evaluation import Evaluation
from segue_jobs.train.sample import MAXIMUM_QUERIES, Sample


def make_sample(count: int = 120, artists: int = 30, *, genres: bool = True, seed: int = 3) -> Sample:
    random = np.random.default_rng(seed)
    centres = np.eye(4, 12) * 3
    groups = np.arange(count) % 4
    vectors = centres[groups] + random.normal(0, 0.5, (count, 12))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    return Sample(
        raw=vectors,
        ids=tuple(f"{index:05d}" for index in range(count)),
        vectors=vectors.astype(np.float32),
        artists=tuple(f"artist {index % artists}" if artists else None for index in range(count)),
        genres=tuple((f"genre {group}",) if genres else () for group in groups),
    )


CENTRES = np.eye(4, 12)


def test_artists_are_held_out_as_a_whole() -> None:
    sample = make_sample(400, 50)
    held = {artist for artist, out in zip(sample.artists, sample.held_out, strict=True) if out}
    fitted = {artist for artist, out in zip(sample.artists, sample.held_out, strict=True) if not out}
    assert held
    assert not held & fitted


def test_split_depends_on_the_artists_alone() -> None:
    sample, larger = make_sample(400, 50), make_sample(800, 50)
    assert (larger.held_out[:400] == sample.held_out).all()


@pytest.mark.parametrize("artists", [0, 1, 2])
def test_few_artists_are_split_by_track(artists: int) -> None:
    held = make_sample(300, artists).held_out
    assert 30 < held.sum() < 100


@pytest.mark.parametrize("count", [1, 2, 12])
def test_small_catalogue_holds_nothing_out_and_can_be_measured(count: int) -> None:
    sample = make_sample(count, 5)
    metrics = Evaluation(sample).candidate(CENTRES[:1])
    assert not sample.held_out.any()
    assert (metrics[Metric.RECALL], metrics[Metric.SMALLEST], metrics[Metric.LARGEST]) == (1, count, count)


def test_queries_are_bounded_and_the_same_every_time() -> None:
    first, again = make_sample(8000, 0), make_sample(8000, 0)
    assert len(first.queries) == MAXIMUM_QUERIES
    assert (first.queries == again.queries).all()
    assert first.held_out[first.queries].all()


def test_well_separated_genres_are_found_through_the_clusters() -> None:
    evaluation = Evaluation(make_sample())
    metrics = evaluation.candidate(CENTRES)
    assert metrics[Metric.PRECISION] > 0.9
    assert metrics[Metric.PRECISION] == pytest.approx(evaluation.exact[Metric.PRECISION], abs=0.02)
    assert (metrics[Metric.SMALLEST], metrics[Metric.LARGEST]) == (30, 30)


def test_without_genres_recall_alone_judges() -> None:
    evaluation = Evaluation(make_sample(genres=False))
    metrics = evaluation.candidate(CENTRES)
    assert Metric.PRECISION not in metrics
    assert metrics[Metric.RECALL] > 0.8
    assert evaluation.exact == {}


def test_silhouette_follows_its_definition() -> None:
    sample = make_sample(40)
    distances = 1 - sample.vectors.astype(float) @ sample.vectors.astype(float).T
    labels = np.argmax(sample.vectors @ CENTRES.T, axis=1)
    values = []
    for row, label in enumerate(labels):
        mates = (labels == label) & (np.arange(40) != row)
        own = distances[row, mates].mean()
        other = min(distances[row, labels == rival].mean() for rival in set(labels) - {label})
        values.append((other - own) / max(other, own))
    assert Evaluation(sample).silhouette(CENTRES) == pytest.approx(np.mean(values), abs=1e-6)


def test_silhouette_of_one_cluster_is_zero() -> None:
    assert Evaluation(make_sample()).silhouette(CENTRES[:1]) == 0
