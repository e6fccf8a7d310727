"""Answers a question that is prepared: finds the tracks, explains them, and says what was left out."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import Protocol

import numpy as np

from segue_core.recommend.answer import Hit, Journey, Recommendations
from segue_core.recommend.filters import Drop
from segue_core.recommend.first_run import spanning_rows
from segue_core.recommend.journey import find_journey
from segue_core.recommend.question import Choice, Question
from segue_core.recommend.ranking import select_for
from segue_core.recommend.reasons import explain_choice, explain_hits, explain_steps
from segue_core.recommend.space import Space
from segue_core.recommend.track_table import Tracks
from segue_core.similarity.arrays import Integers


class Catalogue(Protocol):
    """What is asked: a recommender."""

    model: str
    tracks: Tracks
    space: Space

    @property
    def cluster_names(self) -> tuple[str, ...]:
        """Name of each cluster."""

    @property
    def typical(self) -> tuple[Integers, ...]:
        """Each cluster's most typical rows."""


def answer(catalogue: Catalogue, question: Question, tastes: tuple[tuple[str, ...], ...]) -> Recommendations:
    """The list for a question.

    Parameters
    ----------
    tastes
        See `answer.Recommendations.tastes`.
    """
    selection = select_for(catalogue.tracks, catalogue.space, question)
    hits = explain_hits(catalogue.tracks, catalogue.space, question.tastes, selection.chosen)
    dropped = question.choice.dropped + selection.dropped
    return _recommendations(catalogue, hits, question.limit, dropped, tastes)


def first_choice(catalogue: Catalogue, choice: Choice, limit: int) -> Recommendations:
    """A list for a listener of whom nothing is known."""
    rows = spanning_rows(catalogue.tracks, catalogue.space, catalogue.typical, choice.left, limit)
    at = np.array(rows, dtype=np.intp)
    hits = explain_choice(catalogue.tracks, catalogue.space, at, catalogue.cluster_names)
    return _recommendations(catalogue, hits, limit, choice.dropped, ())


def answer_path(catalogue: Catalogue, first: int, last: int, count: int) -> Journey:
    """A journey between two rows."""
    rows = find_journey(catalogue.tracks, catalogue.space, first, last, count)
    made = explain_steps(catalogue.tracks, catalogue.space, rows)
    start, end = made[0].track_id, made[-1].track_id
    note = None if len(made) == count else f"only {len(made) - 2} tracks lie between {start!r} and {end!r}"
    return Journey(model=catalogue.model, steps=made, largest_hop=max(step.hop for step in made), note=note)


def _recommendations(
    catalogue: Catalogue,
    hits: tuple[Hit, ...],
    limit: int,
    dropped: Counter[Drop],
    tastes: tuple[tuple[str, ...], ...],
) -> Recommendations:
    counts = {rule: dropped[rule] for rule in Drop if dropped[rule]}
    note = None
    if len(hits) < limit and catalogue.tracks.count == 1:
        note = "the catalogue has no other track"
    elif len(hits) < limit:
        rules = ", ".join(f"{count} by {rule}" for rule, count in counts.items())
        note = f"only {len(hits)} of {catalogue.tracks.count} tracks are left; left out: {rules or 'none'}"
    return Recommendations(model=catalogue.model, hits=hits, tastes=tastes, dropped=MappingProxyType(counts), note=note)
