"""Says why tracks were chosen: all hits of a list in one go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segue_core.contract import Family
from segue_core.recommend.answer import Hit, Source, Step
from segue_core.recommend.question import Taste
from segue_core.recommend.selection import Candidates
from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Integers, Singles
from segue_core.similarity.aspects import differences, sentence
from segue_core.similarity.cosines import exact_cosines
from segue_core.similarity.explain import explain_list


def explain_hits(tracks: Tracks, space: Space, tastes: Sequence[Taste], chosen: Candidates) -> tuple[Hit, ...]:
    """The chosen candidates with their reasons."""
    if not len(chosen):
        return ()
    rows, vectors = chosen.rows, chosen.vectors
    queries = np.stack([tastes[number].query for number in chosen.tastes.tolist()])
    seeds = _nearest_seeds(space, tastes, chosen)
    compared = np.where(seeds >= 0, seeds, rows)
    reasons = _compare(tracks, space, (queries, compared), (rows, vectors))
    named = np.array(sorted(set(seeds.tolist()) - {-1}), dtype=np.intp)
    because = dict(zip(named.tolist(), tracks.ids_of(named), strict=True))
    columns = (
        chosen.tastes, chosen.scores, chosen.cosines, seeds, tracks.clusters[rows], tracks.new[rows],
        tracks.confidence[rows],
    )  # fmt: skip
    values = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(
        Hit(
            track_id=label.track_id,
            title=label.title,
            artist=label.artist,
            album=label.album,
            genres=label.genres,
            cluster=cluster,
            score=score,
            similarity=cosine,
            why=why,
            words=words if tastes[taste].stated is None else f"typical of {tastes[taste].stated}",
            because=because.get(seed),
            new=new,
            length_seconds=length[0],
            length_from=length[1],
            source=tastes[taste].source,
            confidence=confidence,
        )
        for label, (why, words), length, (taste, score, cosine, seed, cluster, new, confidence) in zip(
            tracks.labels_of(rows), reasons, tracks.lengths_of(rows), values, strict=True
        )
    )


def explain_choice(tracks: Tracks, space: Space, rows: Integers, names: Sequence[str]) -> tuple[Hit, ...]:
    """Typical tracks of clusters, which are compared with the centre of their cluster.

    Parameters
    ----------
    names
        Of each cluster.
    """
    vectors, clusters = space.index.vectors(rows), tracks.clusters[rows].astype(np.intp)
    centres = space.centres / np.maximum(np.linalg.norm(space.centres, axis=1, keepdims=True), 1e-12)
    cosines = exact_cosines(vectors, centres[clusters])
    usual = space.moments.usual(centres)
    tastes = [
        Taste(
            rows=np.empty(0, dtype=np.intp),
            query=centre,
            statistics=usual.take(np.array([number])),
            weight=1.0,
            source=Source.FIRST_RUN,
            stated=name,
        )
        for number, (centre, name) in enumerate(zip(centres, names, strict=True))
    ]
    return explain_hits(tracks, space, tastes, Candidates(rows, clusters, cosines, np.maximum(cosines, 0.0), vectors))


def explain_steps(tracks: Tracks, space: Space, rows: Integers) -> tuple[Step, ...]:
    """A journey's tracks, each compared with the one before."""
    vectors = space.index.vectors(rows)
    before = vectors[np.maximum(np.arange(len(rows)) - 1, 0)]
    hops = 1.0 - exact_cosines(before, vectors)
    reasons = _compare(tracks, space, (before, rows[np.maximum(np.arange(len(rows)) - 1, 0)]), (rows, vectors))
    made = []
    for place, card in enumerate(tracks.labels_of(rows)):
        made.append(
            Step(
                track_id=card.track_id,
                title=card.title,
                artist=card.artist,
                album=card.album,
                genres=card.genres,
                cluster=int(tracks.clusters[rows[place]]),
                hop=float(hops[place]) if place else 0.0,
                why=reasons[place][0],
                words=reasons[place][1] if place else "",
            )
        )
    return tuple(made)


def _nearest_seeds(space: Space, tastes: Sequence[Taste], chosen: Candidates) -> Integers:
    """For each hit, the nearest like or play of its taste, -1 if it has none; ties go to the smaller row."""
    seeds = np.full(len(chosen), -1, dtype=np.intp)
    for number in set(chosen.tastes.tolist()):
        rows, places = tastes[number].rows, np.flatnonzero(chosen.tastes == number)
        if len(rows) > 1:
            cosines = exact_cosines(chosen.vectors[places][:, None, :], space.index.vectors(rows)[None])
            seeds[places] = rows[np.argmax(cosines, axis=1)]
        elif len(rows):
            seeds[places] = rows[0]
    return seeds


def _compare(
    tracks: Tracks, space: Space, against: tuple[Singles, Integers], hits: tuple[Integers, Singles]
) -> list[tuple[dict[Family, float], str]]:
    """Each hit's shares of the similarity to its query, and its comparison with its seed in words.

    Parameters
    ----------
    against
        Queries (m, d) and rows of the seeds (m,).
    hits
        Rows (m,) and vectors (m, d).
    """
    (queries, seeds), (rows, vectors) = against, hits
    like = space.index.vectors(seeds)
    reasons = explain_list(queries, like, vectors, space.slices)
    cosines = np.minimum(exact_cosines(queries, vectors), exact_cosines(like, vectors))
    different = differences(
        space.aspects[seeds], space.aspects[rows], seed_bpm=tracks.tempos[seeds], hit_bpm=tracks.tempos[rows]
    )
    families = tuple(space.slices)
    return [
        (
            dict(zip(families, shares, strict=True)),
            sentence(alike, words, strongest=strongest, families=len(families), cosine=cosine),
        )
        for shares, alike, strongest, words, cosine in zip(
            reasons.shares.tolist(), reasons.alike, reasons.strongest, different, cosines.tolist(), strict=True
        )
    ]
