"""A newer record replaces an older one, never the other way round, in whatever order and however often they arrive."""

import random

from hypothesis import given
from hypothesis import strategies as st

from segue_core.store.database import Collection
from segue_core.store.position import Position
from segue_jobs.sink.write import Write
from segue_jobs.sink.write_plan import plan_writes

positions = st.builds(Position, st.just("t"), st.integers(0, 1), st.integers(0, 5), st.integers(0, 5))
logs = st.lists(st.sampled_from("abc"), min_size=1, max_size=12)
"""Ids of a partition's records, in order."""


def _write(identifier: str, position: Position) -> Write:
    return Write(Collection.TRACKS, identifier, position, b"")


def _log(ids: list[str]) -> list[Write]:
    return [_write(identifier, Position("t", 0, offset, 1000 + offset)) for offset, identifier in enumerate(ids)]


def _apply(stored: dict[str, Position], batch: list[Write]) -> int:
    plan = plan_writes(batch, stored)
    written = [*plan.inserts, *plan.replacements]
    stored.update((write.id, write.position) for write in written)
    assert len({write.id for write in written}) == len(written)
    assert len(written) + len(plan.repeated) == len(batch)
    return len(written)


def _batches(writes: list[Write], seed: int) -> list[list[Write]]:
    chance, batches = random.Random(seed), []
    while writes:
        size = chance.randint(1, 4)
        batches.append(writes[:size])
        writes = writes[size:]
    return batches


@given(logs, st.integers())
def test_any_division_into_batches_ends_in_the_last_record_of_each_id(ids: list[str], seed: int) -> None:
    stored: dict[str, Position] = {}
    log = _log(ids)
    for batch in _batches(log, seed):
        _apply(stored, batch)
    assert stored == {write.id: write.position for write in log}


@given(logs, st.integers(0, 12), st.integers())
def test_a_replay_from_anywhere_writes_nothing(ids: list[str], begin: int, seed: int) -> None:
    stored: dict[str, Position] = {}
    log = _log(ids)
    _apply(stored, log)
    assert [_apply(stored, batch) for batch in _batches(log[begin:], seed) if batch].count(0) == len(
        _batches(log[begin:], seed)
    )


@given(logs, st.lists(st.integers(0, 5), min_size=12, max_size=12))
def test_a_full_replay_ends_in_the_same_documents_even_if_the_clocks_went_back(
    ids: list[str], times: list[int]
) -> None:
    log = [_write(name, Position("t", 0, offset, times[offset])) for offset, name in enumerate(ids)]
    stored: dict[str, Position] = {}
    for write in log:
        _apply(stored, [write])
    before = dict(stored)
    for write in log:
        _apply(stored, [write])
    assert stored == before


@given(positions)
def test_no_record_is_newer_than_itself(position: Position) -> None:
    assert not position.is_newer_than(position)


def test_records_of_a_recreated_topic_are_newer_although_their_offsets_start_over() -> None:
    assert Position("t", 0, 0, 2000).is_newer_than(Position("t", 0, 99, 1000))


def test_between_partitions_the_time_decides() -> None:
    assert Position("t", 1, 0, 2000).is_newer_than(Position("t", 0, 99, 1000))
    assert not Position("t", 1, 99, 1000).is_newer_than(Position("t", 0, 0, 2000))


def test_a_document_without_a_position_is_replaced() -> None:
    assert Position.of_document({"kafka": {"offset": "x"}}) is None
    assert Position("t", 0, 0, 0).is_newer_than(None)


@given(positions)
def test_a_position_survives_its_document(position: Position) -> None:
    assert Position.of_document({"kafka": position.to_document()}) == position
