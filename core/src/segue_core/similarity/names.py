"""Names for clusters: what their tracks sound like, and their typical genres.

In the cluster 'fast, bright - Techno', tracks are faster and brighter than in the whole catalogue, and Techno is more
frequent than chance explains. The same clustering always gets the same names, and no two clusters share a name.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np

from segue_core.similarity.arrays import Doubles, Integers, Singles
from segue_core.similarity.aspects import ASPECTS

_EXTREME = 0.25
"""Deviations from the catalogue's mean from which an aspect becomes part of a cluster's name."""
_WORDS = 2
_TYPICAL = 1.64
"""z-score of the log-odds from which a genre is typical (5 % significance, one-sided)."""
_GENRE_LENGTH = 40
_PLAIN = "average"
_EMPTY = "empty"


def name_clusters(clusters: Integers, aspects: Singles, genres: Sequence[Sequence[str]], k: int) -> tuple[str, ...]:
    """Name every cluster.

    Parameters
    ----------
    clusters
        (n,) cluster of each track.
    aspects
        (n, aspects) from `aspects.aspect_values`, with the tempo filled in; NaN if unknown.
    genres
        Genres of each track.
    k
        Number of clusters.

    Returns
    -------
    k names, all different: up to two aspects, then the most typical genre; more of both if two clusters would otherwise
    have the same name, and the cluster's number as a last resort.
    """
    words, typical = _words(clusters, aspects, k), _typical_genres(clusters, genres, k)
    sizes = np.bincount(clusters, minlength=k)
    levels = [0] * k

    def name(cluster: int) -> str:
        if sizes[cluster] == 0:
            return _EMPTY
        sound = ", ".join(words[cluster][: _WORDS + levels[cluster]])
        kind = "/".join(typical[cluster][: 1 + levels[cluster]])
        return " - ".join(part for part in (sound, kind) if part) or _PLAIN

    names = [name(cluster) for cluster in range(k)]
    for _ in range(max(map(len, (*words, *typical)), default=0)):
        doubled = {text for text, count in Counter(names).items() if count > 1}
        if not doubled:
            break
        for cluster in range(k):
            if names[cluster] in doubled:
                levels[cluster] += 1
                names[cluster] = name(cluster)
    return _numbered(names)


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with their number appended where they are still not unique."""
    counts, used = Counter(names), set(names)
    result = []
    for number, text in enumerate(names):
        unique = text
        while unique in used and counts[text] > 1:
            unique = f"{unique} #{number}"
        used.add(unique)
        result.append(unique)
    return tuple(result)


def _words(clusters: Integers, aspects: Singles, k: int) -> list[list[str]]:
    """Each cluster's aspects in words, the most extreme first."""
    found: list[list[str]] = []
    for cluster in range(k):
        means = _means(aspects[clusters == cluster])
        order = np.argsort(-np.abs(means), kind="stable")
        found.append(
            [
                ASPECTS[index].high if means[index] > 0 else ASPECTS[index].low
                for index in order
                if abs(means[index]) >= _EXTREME
            ]
        )
    return found


def _means(values: Singles) -> Doubles:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an aspect without a value for any track
        means = np.nanmean(values.astype(np.float64), axis=0) if len(values) else np.zeros(values.shape[1])
    return np.nan_to_num(means)


def _typical_genres(clusters: Integers, genres: Sequence[Sequence[str]], k: int) -> list[list[str]]:
    """Each cluster's typical genres, the most typical first.

    Ranked by the z-score of the log-odds ratio of the cluster to the rest, with the catalogue's frequencies as prior
    (Monroe, Colaresi, Quinn, Fightin' Words, Political Analysis 16, 2008), so that small counts prove little.
    """
    inside: list[Counter[str]] = [Counter() for _ in range(k)]
    spellings: Counter[str] = Counter()
    for cluster, names in zip(clusters.tolist(), genres, strict=True):
        given = {name.strip()[:_GENRE_LENGTH] for name in names}
        spellings.update(given)
        inside[cluster].update({name.casefold() for name in given if name})
    whole = sum(inside, Counter[str]())
    shown = {name.casefold(): name for name, _ in sorted(spellings.items(), key=lambda item: (item[1], item[0]))}
    found = []
    for counts in inside:
        scores = {name: _log_odds(counts, whole, name) for name in counts}
        typical = sorted((name for name in scores if scores[name] > _TYPICAL), key=lambda name: (-scores[name], name))
        found.append([shown[name] for name in typical])
    return found


def _log_odds(counts: Counter[str], whole: Counter[str], name: str) -> float:
    """z-score of one genre's log-odds ratio; the prior counts as many labels as there are genres."""
    total, inside = whole.total(), counts.total()
    weight = len(whole)
    prior = weight * whole[name] / total
    here, there = counts[name] + prior, whole[name] - counts[name] + prior
    rest_here, rest_there = inside + weight - here, total - inside + weight - there
    if rest_here <= 0 or rest_there <= 0:  # the catalogue has only one genre
        return 0.0
    # The paper omits the last two terms, because words are rare; a genre may cover nearly everything.
    variance = 1 / here + 1 / there + 1 / rest_here + 1 / rest_there
    return (math.log(here / rest_here) - math.log(there / rest_there)) / math.sqrt(variance)
