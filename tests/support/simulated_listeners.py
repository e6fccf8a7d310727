"""Simulated listeners: what they would choose is stated here, so that a bench can say what it has measured.

A listener has two to five tastes, each around one track of the catalogue. How much a track appeals to a taste is its
cosine to that track, in deviations from the track's usual cosine to others: what resembles everything is nobody's
favourite. The space is one that the recommender sees only in part: a third of it is hidden from the features. Tracks
are offered mostly from around the tastes, else by popularity or at random; a listener plays what appeals, skips what
does not, and skips 35 % of everything for reasons that have nothing to do with the music. Half of the listeners change
one taste two weeks before the split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from segue_core.contract import EventType
from segue_core.store.records import EventRecord
from support.events import BEGIN, event_id

NOISE_SKIPS = 0.35
LIKED = 0.06
"""Share of the tracks played to which a listener gives a like: most listeners seldom press that button."""
HIDDEN = 0.7
"""Length of the hidden part of a track, beside 1 for what the features say."""
DAYS, SPLIT, DRIFT = 90, 60, 45
"""Length of a history, the day of the split, and the day when half of the listeners change a taste."""
EVENTS_A_DAY = 6
_AROUND = 250
"""Tracks around a taste."""
_BEYOND = 0.35
"""Appeal, in deviations among the tracks around a taste, below which a track is not enjoyed."""
_LENGTH_MS = 200_000


@dataclass(frozen=True)
class Step:
    """One offered track, and what the listener did with it."""

    row: int
    day: float
    kind: EventType
    position_ms: int | None


@dataclass(frozen=True)
class SimulatedListener:
    """A listener's tastes at the split, and the whole history."""

    name: str
    tastes: np.ndarray
    """(t, d) unit rows: the tastes at the split and after it."""
    steps: tuple[Step, ...]

    def before(self) -> list[Step]:
        """The history that a profile may know."""
        return [step for step in self.steps if step.day < SPLIT]

    def after(self) -> list[Step]:
        """What comes after the split."""
        return [step for step in self.steps if step.day >= SPLIT]


def time_of(day: float) -> datetime:
    """The time of a day of the simulation."""
    return BEGIN + timedelta(days=day)


def latent_space(vectors: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(n, d) what tracks are to listeners: the unit rows of the features, and a part that no feature has."""
    hidden = random.normal(size=vectors.shape)
    hidden *= HIDDEN / np.linalg.norm(hidden, axis=1, keepdims=True)
    rows = vectors + hidden
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@dataclass(frozen=True)
class _Taste:
    centre: np.ndarray
    around: np.ndarray
    """Rows of the tracks around it."""
    threshold: float
    """Appeal from which a track is enjoyed."""


class World:
    """The catalogue as listeners know it.

    Parameters
    ----------
    latent
        (n, d) unit rows.
    """

    def __init__(self, latent: np.ndarray, random: np.random.Generator) -> None:
        self._latent = latent
        self._random = random
        usual = latent @ latent[:: max(len(latent) // 1_000, 1)].T
        self._usual = usual.mean(axis=1), usual.std(axis=1)
        popular = random.zipf(1.4, len(latent)).clip(max=1000).astype(float)
        self._popular = np.cumsum(popular) / popular.sum()

    def listener(self, number: int) -> SimulatedListener:
        """A listener with a history of all days."""
        random = self._random
        rows = random.choice(len(self._latent), random.integers(2, 6), replace=False)
        tastes = [self._taste(row) for row in rows.tolist()]
        drifts = random.random() < 0.5
        steps: list[Step] = []
        for index in range(DAYS * EVENTS_A_DAY):
            day = index / EVENTS_A_DAY
            if drifts and day >= DRIFT:
                tastes, drifts = [self._taste(int(random.integers(len(self._latent)))), *tastes[1:]], False
            steps.extend(self._steps(tastes, day))
        return SimulatedListener(f"listener {number}", np.array([taste.centre for taste in tastes]), tuple(steps))

    def nearest_taste(self, rows: np.ndarray, tastes: np.ndarray) -> np.ndarray:
        """Number of the taste that each row belongs to."""
        return np.asarray(np.argmax([self._appeal(rows, taste) for taste in tastes], axis=0))

    def _appeal(self, rows: np.ndarray, centre: np.ndarray) -> np.ndarray:
        mean, deviation = self._usual
        return np.asarray((self._latent[rows] @ centre - mean[rows]) / deviation[rows])

    def _taste(self, row: int) -> _Taste:
        appeal = self._appeal(np.arange(len(self._latent)), self._latent[row])
        around = np.argpartition(-appeal, _AROUND)[:_AROUND]
        nearest = appeal[around]
        return _Taste(self._latent[row], around, float(nearest.mean() - _BEYOND * nearest.std()))

    def _steps(self, tastes: list[_Taste], day: float) -> Iterator[Step]:
        random, way = self._random, self._random.random()
        if way < 0.7:
            row = int(random.choice(tastes[random.integers(len(tastes))].around))
        elif way < 0.9:
            row = int(np.searchsorted(self._popular, random.random()))
        else:
            row = int(random.integers(len(self._latent)))
        enjoys = any(self._appeal(np.array([row]), taste.centre)[0] >= taste.threshold for taste in tastes)
        yield from self._answers(row, day, enjoys=enjoys)

    def _answers(self, row: int, day: float, *, enjoys: bool) -> Iterator[Step]:
        random = self._random
        if random.random() < NOISE_SKIPS:
            yield Step(row, day, EventType.SKIP, int(random.integers(1_000, 29_000)))
        elif enjoys:
            yield Step(row, day, EventType.PLAY, int(random.integers(_LENGTH_MS // 2, _LENGTH_MS)))
            if random.random() < LIKED:
                yield Step(row, day, EventType.LIKE, None)
        else:
            quick = random.random() < 0.7
            yield Step(row, day, EventType.SKIP, int(random.integers(1_000, 29_000) if quick else 60_000))
            if random.random() < 0.04:
                yield Step(row, day, EventType.DISLIKE, None)


def event_of(number: int, step: Step, listener: SimulatedListener, track_id: str) -> EventRecord:
    """A step as the event that a player would send."""
    return EventRecord(
        id=event_id(number),
        catalogue="fma",
        user=listener.name,
        type=step.kind,
        time=time_of(step.day),
        track_id=track_id,
        position_ms=step.position_ms,
        duration_ms=None if step.position_ms is None else _LENGTH_MS,
    )
