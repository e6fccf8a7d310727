"""Where tracks are: written with compare-and-set, read as what is hidden, and forgotten as a whole."""

from __future__ import annotations

import msgspec

from segue_core.store.database import Collection, Database
from segue_core.store.forget import find_known, forget
from segue_core.store.presence import (
    Presence,
    SourcePresence,
    hidden_ids,
    read_presence,
    read_source,
    write_presence,
)
from segue_core.store.profiles import Opinion, ProfileDocument, RecentEvent, TrackOpinion, read_profile
from segue_core.store.records import event_key, to_document
from segue_core.store.tracks import find_ranges, read_range, stored_ids
from support.tracks import track_record


def presence(track_id: str, *, source: str = "one", hidden: bool = False) -> Presence:
    entry = SourcePresence(name=source, path=f"{track_id}.ogg", present=not hidden, since="2026-01-01T00:00:00Z")
    return Presence(catalogue="fma", track_id=track_id, audio_sha256="a", sources=(entry,), hidden=hidden)


def test_what_is_written_is_read_again_and_hidden_tracks_are_found(target: Database) -> None:
    assert write_presence(target, [presence("1"), presence("2", hidden=True), presence("3", source="two")])
    assert hidden_ids(target, "fma") == {"2"}
    assert hidden_ids(target, "other") == frozenset()
    assert {found.track_id for found in read_source(target, "fma", "one")} == {"1", "2"}
    (found,) = read_presence(target, "fma", ["3", "4"])
    assert found == msgspec.structs.replace(presence("3", source="two"), revision=1)


def test_a_document_that_changed_meanwhile_is_not_overwritten(target: Database) -> None:
    assert write_presence(target, [presence("1")])
    (read,) = read_presence(target, "fma", ["1"])
    assert write_presence(target, [msgspec.structs.replace(read, hidden=True)])
    assert not write_presence(target, [msgspec.structs.replace(read, audio_sha256="b")])
    assert not write_presence(target, [presence("1")])
    assert hidden_ids(target, "fma") == {"1"}


def test_training_reads_what_is_present(target: Database) -> None:
    for number in range(4):
        document = to_document(track_record(number))
        target[Collection.TRACKS].insert_one({"_id": f"fma:{number}", **document})
    write_presence(target, [presence("1", hidden=True), presence("2")])
    ranges = find_ranges(target, "fma")
    read = [document["_id"] for wanted in ranges for document in read_range(target, "fma", wanted, ["recipe"])]
    assert sorted(read) == ["fma:0", "fma:2", "fma:3"]
    assert stored_ids(target, "fma") == {"0", "1", "2", "3"}


def test_a_forgotten_track_is_gone_with_its_events_and_its_id_is_free(target: Database) -> None:
    target[Collection.TRACKS].insert_one({"_id": "fma:1", **to_document(track_record(1))})
    write_presence(target, [presence("1"), presence("2", hidden=True)])
    target[Collection.EVENTS].insert_one({"_id": "e", "catalogue": "fma", "user": "ann", "trackId": "1"})
    opinions = (TrackOpinion(track, Opinion.LIKE, 5, "e") for track in ("1", "3"))
    recent = (RecentEvent("e", 5, "1", None), RecentEvent("f", 6, None, None))
    profile = ProfileDocument(catalogue="fma", user="ann", opinions=tuple(opinions), recent=recent)
    target[Collection.PROFILES].insert_one({"_id": event_key("fma", "ann"), **to_document(profile)})
    one, two = find_known(target, "fma", ["1", "2", "3"])
    assert (one.title, one.events, one.is_stored) == ("Track 1", 1, True)
    assert (two.title, two.events, two.is_stored, two.path) == (None, 0, False, "2.ogg")
    forget(target, "fma", ["1", "2"])
    assert list(find_known(target, "fma", ["1", "2"])) == []
    assert target[Collection.EVENTS].count_documents({}) == 0
    kept = read_profile(target, "fma", "ann")
    assert kept is not None
    assert [opinion.track_id for opinion in kept.opinions] == ["3"]
    assert [event.event for event in kept.recent] == ["f"]
