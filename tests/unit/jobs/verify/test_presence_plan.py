"""What a listing says about where tracks are: hidden, back, moved, changed, and when nothing is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest

from segue_core.contract import MissingPolicy
from segue_core.identity.catalogue import Source
from segue_core.store.presence import Presence
from segue_core.store.records import Metadata
from segue_core.store.tracks import TrackRow
from segue_jobs.verify.presence_plan import Found, Look, PresencePlan, plan_presence

BEFORE, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
SOURCE = "hostPath/music"


def row(track_id: str, *, source: str = SOURCE, batch_uid: str = "first", audio: str = "") -> TrackRow:
    return TrackRow(
        track_id=track_id, source=source, batch="mine", batch_uid=batch_uid, path=f"{track_id}.ogg",
        audio_sha256=audio or f"audio of {track_id}", recipe="r", duration_seconds=60.0, metadata=Metadata(),
        alternatives=(), replaced=False, time=1,
    )  # fmt: skip


def look(rows: list[TrackRow], listed: Mapping[str, Found] | None = None, **more: object) -> Look:
    """A verification that finds every track where it was, unless it is told what is listed."""
    found = {track.track_id: Found(track, track.path) for track in rows} if listed is None else listed
    own = {track.track_id: track for track in rows if track.source == SOURCE}
    made = Look(
        catalogue="c", source=Source(SOURCE, "mine"), batch_uid="second", now=NOW, policy=MissingPolicy.HIDE,
        maximum_percent=100, found=found, own=own,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


ROWS = [row("a"), row("b"), row("c"), row("d")]


def written(plan: PresencePlan) -> dict[str, Presence]:
    """The documents as they are read again."""
    return {
        presence.track_id: msgspec.structs.replace(presence, revision=presence.revision + 1)
        for presence in plan.written
    }


@pytest.fixture
def known() -> dict[str, Presence]:
    """All four tracks, verified by a first batch."""
    return written(plan_presence(look(ROWS, batch_uid="first", now=BEFORE), {}))


def without(*track_ids: str) -> dict[str, Found]:
    return {track.track_id: Found(track, track.path) for track in ROWS if track.track_id not in track_ids}


def test_a_first_batch_adds_its_tracks_and_hides_none() -> None:
    plan = plan_presence(look(ROWS, batch_uid="first"), {})
    assert plan.changes == {"added": 4}
    assert (plan.had, plan.gone) == (0, [])
    assert not any(presence.hidden for presence in plan.written)


def test_what_has_not_changed_is_not_written(known: dict[str, Presence]) -> None:
    plan = plan_presence(look(ROWS), known)
    assert plan.written == []
    assert plan.changes == {}


def test_a_deleted_file_hides_its_track_and_its_return_shows_it_again(known: dict[str, Presence]) -> None:
    gone = plan_presence(look(ROWS, without("b")), known)
    assert gone.changes == {"removed": 1}
    assert [(presence.track_id, presence.hidden, presence.deleted) for presence in gone.written] == [("b", True, False)]
    back = plan_presence(look(ROWS, batch_uid="third"), {**known, **written(gone)})
    assert back.changes == {"added": 1}
    assert [(presence.track_id, presence.hidden) for presence in back.written] == [("b", False)]


def test_a_repeated_verification_writes_nothing_and_counts_the_same(known: dict[str, Presence]) -> None:
    plan = plan_presence(look(ROWS, without("b")), known)
    again = plan_presence(look(ROWS, without("b")), {**known, **written(plan)})
    assert again.written == []
    assert again.changes == plan.changes


def test_a_broken_file_hides_its_track_and_says_why(known: dict[str, Presence]) -> None:
    listed = {**without("b"), "b": Found(ROWS[1], "b.ogg", "DecodeError: no audio")}
    plan = plan_presence(look(ROWS, listed), known)
    assert plan.changes == {"removed": 1}
    (presence,) = plan.written
    assert presence.hidden
    assert "DecodeError: no audio" in presence.why_hidden


def test_a_moved_and_a_changed_track_stay(known: dict[str, Presence]) -> None:
    changed = replace(ROWS[2], audio_sha256="other bytes")
    listed = {**without("b", "c"), "b": Found(ROWS[1], "x/b.ogg"), "c": Found(changed, "c.ogg")}
    plan = plan_presence(look(ROWS, listed), known)
    assert plan.changes == {"moved": 1, "changed": 1}
    assert not any(presence.hidden for presence in plan.written)


def test_keep_hides_nothing_and_delete_deletes_what_is_gone_but_not_what_is_broken(known: dict[str, Presence]) -> None:
    listed = {**without("b", "c"), "c": Found(ROWS[2], "c.ogg", "DecodeError: no audio")}
    kept = plan_presence(look(ROWS, listed, policy=MissingPolicy.KEEP), known)
    assert not any(presence.hidden for presence in kept.written)
    deleted = plan_presence(look(ROWS, listed, policy=MissingPolicy.DELETE), known)
    assert deleted.deleted == ["b"]
    assert {presence.track_id: presence.deleted for presence in deleted.written} == {"b": True, "c": False}
    assert {presence.audio_sha256 for presence in deleted.written} == {"audio of b", "audio of c"}


def test_keep_loses_nothing_however_much_is_gone_until_it_ends(known: dict[str, Presence]) -> None:
    kept = plan_presence(look(ROWS, {}, policy=MissingPolicy.KEEP), known)
    assert (kept.had, kept.gone, kept.changes) == (4, [], {"removed": 4})
    ended = plan_presence(look(ROWS, {}, batch_uid="third"), {**known, **written(kept)})
    assert (ended.had, ended.gone) == (4, ["a", "b", "c", "d"])


def test_an_empty_folder_exceeds_any_share_but_all(known: dict[str, Presence]) -> None:
    plan = plan_presence(look(ROWS, {}), known)
    assert (plan.had, plan.gone) == (4, ["a", "b", "c", "d"])
    assert plan.exceeds(99)
    assert not plan.exceeds(100)


def test_new_tracks_do_not_make_up_for_those_that_are_gone(known: dict[str, Presence]) -> None:
    new = [row(f"new{number}", batch_uid="second") for number in range(20)]
    listed = {track.track_id: Found(track, track.path) for track in new}
    plan = plan_presence(look([*ROWS, *new], listed), known)
    assert (plan.had, len(plan.gone)) == (4, 4)


def test_what_was_missing_before_does_not_count_again(known: dict[str, Presence]) -> None:
    plan = plan_presence(look(ROWS, without("a", "b")), known)
    again = plan_presence(look(ROWS, without("a", "b"), batch_uid="third"), {**known, **written(plan)})
    assert (again.had, again.gone) == (2, [])


def test_tracks_in_a_folder_that_cannot_be_read_stay_as_they_are(known: dict[str, Presence]) -> None:
    rows = [replace(ROWS[0], path="x/a.ogg"), *ROWS[1:]]
    before = written(plan_presence(look(rows, batch_uid="first"), {}))
    plan = plan_presence(look(rows, without("a"), unreadable_folders=("x/",)), before)
    assert plan.written == []
    assert plan.gone == []


def test_a_track_of_two_sources_is_there_as_long_as_one_has_it() -> None:
    other = row("a", source="other")
    first = plan_presence(look([other]), {})
    assert first.changes == {"added": 1}
    known = written(first)
    assert {entry.name for entry in known["a"].sources} == {SOURCE, "other"}
    gone = plan_presence(look([other], {}, batch_uid="third"), known)
    assert gone.changes == {"removed": 1}
    assert not gone.written[0].hidden


def test_a_broken_file_says_nothing_about_a_track_that_its_source_never_had() -> None:
    other = row("a", source="other")
    for problem in ("DecodeError: x", None):  # None: its row in the CSV is missing, which says nothing about its audio
        found = Found(other, "a.ogg", problem, is_rejected=True)
        assert plan_presence(look([other], {"a": found}), {}).written == []


@pytest.mark.parametrize("policy", [MissingPolicy.HIDE, MissingPolicy.KEEP])
def test_only_the_source_that_owns_a_track_deletes_it(policy: MissingPolicy) -> None:
    """Its owner may keep it, and an id that is deleted but not hidden would be free for other music."""
    own, elsewhere = row("a"), Source("other", "theirs")
    known = written(plan_presence(look([own]), {}))
    known.update(written(plan_presence(look([own], source=elsewhere, own={}), known)))
    known.update(written(plan_presence(look([own], {}, policy=policy), known)))
    gone = plan_presence(look([own], {}, source=elsewhere, own={}, policy=MissingPolicy.DELETE), known)
    assert gone.deleted == []
    (presence,) = gone.written
    assert (presence.deleted, presence.hidden) == (False, policy is MissingPolicy.HIDE)


def test_a_deleted_track_stays_hidden_when_its_source_keeps_what_is_missing_now(known: dict[str, Presence]) -> None:
    """Its id would be free for other music."""
    known.update(written(plan_presence(look(ROWS, without("b"), policy=MissingPolicy.DELETE), known)))
    left = [track for track in ROWS if track.track_id != "b"]
    plan = plan_presence(look(left, policy=MissingPolicy.KEEP, batch_uid="third"), known)
    presence = next(presence for presence in plan.written if presence.track_id == "b")
    assert (presence.deleted, presence.hidden) == (True, True)
    assert plan.had == 3


def test_a_batch_takes_over_the_presence_from_before_sources_had_names() -> None:
    old = row("a", source="batch:mine")
    known = written(plan_presence(look([old], source=Source("other", "theirs"), own={}), {}))
    assert {entry.name for entry in known["a"].sources} == {"other", "batch:mine"}
    known.update(written(plan_presence(look([old], {}, own={"a": old}), known)))
    assert {entry.name: entry.present for entry in known["a"].sources} == {"other": True, SOURCE: False}


def test_tracks_that_were_stored_before_there_was_presence_count_as_had() -> None:
    plan = plan_presence(look(ROWS, without("a")), {})
    assert (plan.had, plan.gone, plan.changes) == (4, ["a"], {"removed": 1})


def test_tracks_that_were_extracted_again_count_as_had() -> None:
    again = [replace(track, batch_uid="second", replaced=True) for track in ROWS[1:]]
    plan = plan_presence(look([ROWS[0], *again], {track.track_id: Found(track, track.path) for track in again}), {})
    assert (plan.had, plan.gone, plan.changes) == (4, ["a"], {"removed": 1})
