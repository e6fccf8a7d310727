"""How much of a catalogue has changed since it was last trained."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.kinds.trainingrun import REMEMBERED_BATCHES, BatchChange
from segue_operator.reconcile.freshness import (
    Changes,
    Training,
    changes_since,
    is_enough,
    last_training,
    sentence,
    sum_of,
    training_of,
    worth_remembering,
)
from support.manifests import track_batch, training_run

SINCE = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
BEFORE, THEN, AFTER = "2026-01-01T02:59:59Z", "2026-01-01T03:00:00Z", "2026-01-01T03:00:01Z"
TRAINING = Training(SINCE, "weekly", "default", 90, "music:3")


def batch(name: str, ended: str | None, reason: str = "Completed", **tracks: int) -> dict[str, Any]:
    succeeded = "True" if reason == "Completed" else "False" if ended else "Unknown"
    status = {"tracks": tracks, "conditions": [{"type": "Succeeded", "status": succeeded, "reason": reason}]}
    return track_batch(name) | {"status": status | ({"completionTime": ended} if ended else {})}


def run(name: str, succeeded: str, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Succeeded", "status": succeeded, "reason": "R"}]
    return training_run(name) | {"status": {"conditions": conditions} | status}


def total(*batches: dict[str, Any]) -> int:
    return sum_of(changes_since((), batches, "music", SINCE)).total


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        (batch("a", AFTER, added=3, removed=2, changed=1, moved=9, stored=90), 6),
        (batch("a", BEFORE, added=3), 0),
        (batch("a", THEN, added=3), 0),
        (batch("a", None, "Verifying", added=3), 0),
        (batch("a", AFTER, "TooManyRejected", added=3), 3),
        (batch("a", AFTER, "TooManyMissing", added=3, removed=80), 0),
        (batch("a", AFTER), 0),
        (batch("a", AFTER, added=3) | {"spec": {"catalogue": "another"}}, 0),
        (track_batch("a"), 0),
    ],
)
def test_what_a_batch_counts(given: dict[str, Any], counted: int) -> None:
    assert total(given) == counted


def test_a_batch_that_is_gone_is_remembered_and_one_that_is_there_counts_once() -> None:
    first = changes_since((), [batch("a", AFTER, added=3), batch("b", AFTER, changed=1)], "music", SINCE)
    assert sum_of(changes_since(first, [batch("b", AFTER, changed=1)], "music", SINCE)) == Changes(3, 0, 1)
    later = datetime(2026, 1, 2, tzinfo=UTC)
    assert changes_since(first, [], "music", later) == ()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=2 * REMEMBERED_BATCHES))
def test_a_status_remembers_the_largest(sizes: list[int]) -> None:
    changes = [BatchChange(uid=f"u{n:03}", completion_time=AFTER, came=size) for n, size in enumerate(sizes)]
    kept = worth_remembering(changes)
    assert len(kept) == min(len(sizes), REMEMBERED_BATCHES)
    assert sorted(one.came for one in kept) == sorted(sizes)[-len(kept) :]


@pytest.mark.parametrize(
    ("came", "percent", "enough"),
    [(0, 0, False), (1, 0, True), (8, 10, False), (9, 10, True), (0, 10, False), (90, 100, True), (1, 1, True)],
)
def test_how_much_is_enough(came: int, percent: int, enough: bool) -> None:
    assert is_enough(Changes(came=came), TRAINING, percent) is enough


@given(st.integers(0, 500), st.integers(0, 100))
def test_a_higher_share_needs_no_fewer_tracks(came: int, percent: int) -> None:
    changes = Changes(came=came)
    assert is_enough(changes, TRAINING, percent) >= is_enough(changes, TRAINING, min(100, percent + 1))
    assert is_enough(Changes(came=came + 1), TRAINING, percent) >= is_enough(changes, TRAINING, percent)


@pytest.mark.parametrize(
    ("changes", "percent", "said"),
    [
        (Changes(), 10, "no track has come, gone or changed since model music:3 was trained on 90 tracks"),
        (
            Changes(1, 2, 1),
            10,
            (
                "1 came, 2 went and 1 changed since model music:3 was trained on 90 tracks: 4.4 % of them, "
                "and 10 % is needed"
            ),
        ),
        (
            Changes(came=9),
            10,
            (
                "9 came, 0 went and 0 changed since model music:3 was trained on 90 tracks: 10.0 % of them, "
                "and 10 % is enough"
            ),
        ),
        (
            Changes(came=1),
            0,
            (
                "1 came, 0 went and 0 changed since model music:3 was trained on 90 tracks: 1.1 % of them, "
                "and any change is enough"
            ),
        ),
    ],
)
def test_the_sentence(changes: Changes, percent: int, said: str) -> None:
    assert sentence(changes, TRAINING, percent) == said


MODEL = {"version": "music:3", "tracks": 90}


@pytest.mark.parametrize(
    ("given", "since"),
    [
        (run("a", "True", startTime=THEN, model=MODEL), THEN),
        (run("a", "True", startTime=AFTER, model=MODEL, retrain={"trainedSince": THEN}), AFTER),
        (run("a", "False", startTime=AFTER, model=MODEL, retrain={"trainedSince": THEN}), THEN),
        (run("a", "Unknown", startTime=AFTER, model=MODEL, retrain={"trainedSince": THEN}), THEN),
        (run("a", "False", startTime=THEN), None),
        (run("a", "True", startTime=THEN), None),
        (run("a", "Unknown", startTime=THEN), None),
        (training_run("a"), None),
    ],
)
def test_when_a_run_last_trained(given: dict[str, Any], since: str | None) -> None:
    training = training_of(given)
    assert (training.since.strftime("%Y-%m-%dT%H:%M:%SZ") if training else None) == since


def test_the_last_training_of_a_catalogue_is_that_of_any_run() -> None:
    runs = [
        run("a", "True", startTime=BEFORE, model=MODEL),
        run("b", "True", startTime=AFTER, model=MODEL | {"version": "music:4"}),
        run("c", "Unknown", startTime=AFTER),
        run("d", "True", startTime="2027-01-01T00:00:00Z", model=MODEL) | {"spec": {"catalogue": "another"}},
    ]
    found = last_training(runs, "music")
    assert found is not None
    assert (found.run, found.model) == ("b", "music:4")
    assert last_training(runs, "nothing") is None
