"""States of a SparkApplication (v1beta2) as states of an attempt."""

from __future__ import annotations

from collections.abc import Mapping

from segue_operator.kinds.constants import AttemptState

_STATES: Mapping[str, AttemptState] = {
    "": AttemptState.PENDING,
    "SUBMITTED": AttemptState.SUBMITTED,
    "SUBMISSION_FAILED": AttemptState.SUBMITTED,
    "PENDING_RERUN": AttemptState.SUBMITTED,
    "INVALIDATING": AttemptState.SUBMITTED,
    "RESUMING": AttemptState.SUBMITTED,
    "RUNNING": AttemptState.RUNNING,
    "SUCCEEDING": AttemptState.RUNNING,
    "FAILING": AttemptState.RUNNING,
    "SUSPENDING": AttemptState.SUSPENDED,
    "SUSPENDED": AttemptState.SUSPENDED,
    "COMPLETED": AttemptState.COMPLETED,
    "FAILED": AttemptState.FAILED,
}


def attempt_state(raw: str) -> AttemptState:
    """State of an attempt; ``Unknown`` for states that are not known here, and for Spark's own ``UNKNOWN``."""
    return _STATES.get(raw, AttemptState.UNKNOWN)
