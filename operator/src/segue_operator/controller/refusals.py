"""Children that the cluster refused: what it said, and when to try them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from segue_core.contract.backoff import Backoff
from segue_operator.kinds.objects import Key

REFUSED_BACKOFF = Backoff(first_seconds=5.0, longest_seconds=300.0, jitter=0.2)
"""Between attempts to create a child that was refused: by a quota, a webhook, missing rights."""


@dataclass
class _Refused:
    """Refused children of one generation of a resource."""

    generation: int
    failures: int = 0
    until: float = 0.0
    problems: dict[Key, str] = field(default_factory=dict)
    """The cluster's messages; empty once it is time to try again."""


class Refusals:
    """Remembers for each resource which children were refused, until it is time to try again.

    Parameters
    ----------
    backoff
        Pauses between attempts in a row.
    uniform
        Uniform numbers in [0, 1) for the jitter.
    """

    def __init__(
        self, backoff: Backoff, uniform: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._backoff = backoff
        self._uniform = uniform
        self._clock = clock
        self._refused: dict[Key, _Refused] = {}

    def problems(self, resource: Key, generation: int) -> dict[Key, str]:
        """What is still known to be refused; nothing once it is time to try again, or the spec has changed."""
        found = self._refused.get(resource)
        if found is None:
            return {}
        if found.generation != generation:
            del self._refused[resource]
            return {}
        if self._clock() >= found.until:
            found.problems.clear()
        return dict(found.problems)

    def note(self, resource: Key, generation: int, problems: Mapping[Key, str]) -> None:
        """Remember what was refused in this pass."""
        found = self._refused.setdefault(resource, _Refused(generation))
        if not found.problems:
            found.failures += 1
            found.until = self._clock() + self._backoff.pause(found.failures, self._uniform)
        found.problems.update(problems)

    def accepted(self, resource: Key) -> None:
        """A pass was carried out whole: if it tried what had been refused, the next refusal is a first one."""
        found = self._refused.get(resource)
        if found is not None and not found.problems:
            del self._refused[resource]

    def forget(self, resource: Key) -> None:
        """The resource is gone."""
        self._refused.pop(resource, None)

    def seconds_left(self, resource: Key) -> float | None:
        """When to try again; None if nothing is refused."""
        found = self._refused.get(resource)
        return max(0.0, found.until - self._clock()) if found is not None and found.problems else None

    def retry_in(self, namespace: str) -> tuple[Key, ...]:
        """Let every refused child of a namespace be tried again, because there may be room; returns the resources."""
        keys = tuple(key for key, found in self._refused.items() if key.namespace == namespace and found.problems)
        for key in keys:
            self._refused[key].until = self._clock()
        return keys
