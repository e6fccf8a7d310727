"""Of two records that would give one id to two recordings, the first that is read wins."""

from segue_core.store.database import Collection
from segue_core.store.position import Position
from segue_core.store.records import Claim
from segue_jobs.sink.holders import find_conflicts, may_replace
from segue_jobs.sink.write import Holder, Write

NEW = Claim(listed_id="a")


def _seen(audio: str, path: str = "a.ogg") -> Claim:
    return Claim(listed_id="a", seen_audio_sha256=audio, seen_path=path)


def _write(offset: int, holder: Holder) -> Write:
    return Write(Collection.TRACKS, "c:a", Position("t", 0, offset, offset), b"", holder=holder)


def test_other_music_does_not_get_a_stored_id() -> None:
    stored = Holder("one", "a.ogg", "A")
    assert not may_replace(Holder("two", "a.ogg", "B", NEW), stored)
    assert not may_replace(Holder("one", "a.ogg", "B", NEW), stored)
    assert not may_replace(Holder("one", "a.ogg", "C", _seen("B")), stored)


def test_the_same_audio_and_what_a_claim_has_seen_may_be_replaced() -> None:
    stored = Holder("one", "a.ogg", "A")
    assert may_replace(Holder("one", "a.ogg", "A", NEW), stored)
    assert may_replace(Holder("one", "a.ogg", "A2", _seen("A")), stored)
    assert may_replace(Holder("one", "x/a.ogg", "A", _seen("A")), stored)
    assert may_replace(Holder("two", "b.ogg", "A", NEW), Holder("batch:old", "a.ogg", "A"))


def test_an_id_that_moved_to_one_file_does_not_move_to_another_one_meanwhile() -> None:
    assert not may_replace(Holder("one", "y.ogg", "A", _seen("A")), Holder("one", "x.ogg", "A"))


def test_records_of_programs_that_knew_no_claims_are_written_as_before() -> None:
    assert may_replace(Holder("", "a.ogg", "B"), Holder("batch:one", "a.ogg", "A"))


def test_the_first_of_two_records_in_a_batch_wins_and_a_replay_decides_the_same() -> None:
    one, two = _write(1, Holder("one", "a.ogg", "A", NEW)), _write(2, Holder("two", "a.ogg", "B", NEW))
    assert [conflict.write for conflict in find_conflicts([one, two], {}, {})] == [two]
    stored = {"c:a": one.position}
    holders = {"c:a": Holder("one", "a.ogg", "A")}
    assert [conflict.write for conflict in find_conflicts([one, two], stored, holders)] == [two]


def test_a_record_older_than_what_is_stored_is_no_conflict() -> None:
    older = _write(1, Holder("one", "a.ogg", "A", NEW))
    assert find_conflicts([older], {"c:a": Position("t", 0, 5, 5)}, {"c:a": Holder("one", "a.ogg", "A2")}) == []
