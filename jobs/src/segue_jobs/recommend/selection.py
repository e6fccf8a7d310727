"""From each taste's ranking to one list: interleaved, no track twice, no artist too often, everything accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from segue_jobs.recommend.filters import Drop
from segue_jobs.recommend.tastes import next_taste, quotas
from segue_jobs.recommend.tracks import Tracks


@dataclass(frozen=True)
class Candidate:
    """One row that a taste found."""

    row: int
    taste: int
    cosine: float
    score: float


@dataclass(frozen=True)
class Selection:
    """The list, and what was left out while it was made."""

    chosen: tuple[Candidate, ...]
    dropped: Counter[Drop]
    """Candidates that were passed over; those below the last hit were not looked at."""


class _Rules:
    """What has been chosen so far, and what it forbids."""

    def __init__(self, tracks: Tracks, artist_cap: int | None) -> None:
        self._tracks = tracks
        self._cap = artist_cap
        self._rows: set[int] = set()
        self._identities: set[tuple[str, int]] = set()
        self._artists: Counter[int] = Counter()

    def seen(self, candidate: Candidate) -> bool:
        return candidate.row in self._rows

    def broken(self, candidate: Candidate) -> Drop | None:
        """First rule that forbids the candidate; an unknown artist has no cap."""
        if not self._identities.isdisjoint(self._tracks.identities(candidate.row)):
            return Drop.DUPLICATE
        artist = int(self._tracks.artists[candidate.row])
        if self._cap is not None and artist >= 0 and self._artists[artist] >= self._cap:
            return Drop.ARTIST_CAP
        return None

    def note(self, candidate: Candidate, *, chosen: bool) -> None:
        """Remember a candidate: no taste brings it a second time."""
        self._rows.add(candidate.row)
        if chosen:
            self._identities.update(self._tracks.identities(candidate.row))
            self._artists[int(self._tracks.artists[candidate.row])] += 1


def select(
    rankings: Sequence[Sequence[Candidate]],
    sizes: Sequence[int],
    tracks: Tracks,
    *,
    limit: int,
    artist_cap: int | None,
) -> Selection:
    """Take turns between the tastes until the list is full or no candidate is left.

    Parameters
    ----------
    rankings
        Candidates of each taste, best first.
    sizes
        Likes of each taste: its share of the list.
    tracks
        Whom the candidates' rows belong to.
    limit
        Length of the list.
    artist_cap
        Hits of one artist at most; None for any number.
    """
    rules, dropped = _Rules(tracks, artist_cap), Counter[Drop]()
    wanted, given = quotas(sizes, limit), [0] * len(rankings)
    queues = [iter(ranking) for ranking in rankings]
    open_tastes = list(range(len(rankings)))
    chosen: list[Candidate] = []
    while open_tastes and len(chosen) < limit:
        taste = next_taste(given, wanted, open_tastes)
        candidate = next(queues[taste], None)
        if candidate is None:
            open_tastes.remove(taste)
            continue
        if rules.seen(candidate):
            continue
        rule = rules.broken(candidate)
        rules.note(candidate, chosen=rule is None)
        if rule is None:
            chosen.append(candidate)
            given[taste] += 1
        else:
            dropped[rule] += 1
    return Selection(chosen=tuple(chosen), dropped=dropped)
