"""When to repeat that nothing has moved: at once for a new reason, then less and less often. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from segue.render.progress import View
from segue_operator.kinds.objects import Key

QUIET_SECONDS = 120.0
"""How long nothing may move before that is said; the pause before it is said again is twice as long each time."""
LONGEST_SECONDS = 3600.0


@dataclass
class _State:
    movement: tuple[object, ...]
    moved_at: float
    said_at: float
    pause: float = QUIET_SECONDS
    told: str = ""
    """The hindrance that was said last."""


class Reminders:
    """Watches views for movement; the caller says what is due."""

    def __init__(self) -> None:
        self._states: dict[Key, _State] = {}

    def is_due(self, view: View, now: float) -> bool:
        """Whether it is to be said that a resource waits; asking counts as saying.

        Parameters
        ----------
        now
            Seconds of a clock that never jumps.
        """
        state = self._states.get(view.key)
        if state is None or state.movement != view.movement:
            told = state.told if state is not None and view.hindrance else ""
            state = self._states[view.key] = _State(view.movement, now, now, told=told)
        if view.finished:
            return False
        if view.hindrance and view.hindrance != state.told:
            state.told, state.said_at = view.hindrance, now
            return True
        if now - state.said_at < state.pause:
            return False
        state.said_at, state.pause = now, min(2 * state.pause, LONGEST_SECONDS)
        return True

    def quiet_seconds(self, view: View, now: float) -> float:
        """Seconds without progress since it was watched."""
        state = self._states.get(view.key)
        return now - state.moved_at if state is not None else 0.0
