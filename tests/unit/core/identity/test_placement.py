"""Shards work at the same time, and still give each id once."""

from __future__ import annotations

from collections.abc import Mapping

from segue_core.identity.catalogue import Catalogue, Source, StoredTrack
from segue_core.identity.rules import Identities, Listed, Outcome, SourceFile

SOURCE = Source("hostPath/music", "mine")


def given(
    tracks: list[StoredTrack], folder: Mapping[str, str], *, same: bool = False
) -> dict[str, tuple[str, Outcome]]:
    """What each file of a folder (path -> audio) gets from a shard of its own."""
    listed = Listed(
        ids={path: path.removesuffix(".ogg") for path in folder}, holds=lambda path, audio: folder.get(path) == audio
    )
    found = {}
    for path, audio in folder.items():
        identity = Identities(Catalogue(SOURCE, tracks), listed).identify(
            SourceFile(listed.ids[path], path, audio), lambda _track: same
        )
        found[path] = (identity.track_id, identity.outcome)
    return found


def stored(track_id: str, audio: str) -> StoredTrack:
    return StoredTrack(track_id, SOURCE.name, f"{track_id}.ogg", audio)


def test_of_two_places_that_a_file_moved_to_one_has_its_id() -> None:
    assert given([stored("a", "A")], {"y.ogg": "A", "x.ogg": "A"}) == {
        "x.ogg": ("a", Outcome.MOVED),
        "y.ogg": ("y", Outcome.COPIED),
    }


def test_two_copies_that_both_moved_keep_both_ids() -> None:
    found = given([stored("a", "A"), stored("b", "A")], {"x.ogg": "A", "y.ogg": "A", "z.ogg": "A"})
    assert [track_id for track_id, _ in found.values()] == ["a", "b", "z"]


def test_a_file_whose_suggested_id_is_vacant_gets_that_one() -> None:
    tracks = [StoredTrack("x", SOURCE.name, "old.ogg", "A"), stored("a", "A")]
    found = given(tracks, {"w.ogg": "A", "x.ogg": "A"})
    assert [track_id for track_id, _ in found.values()] == ["a", "x"]


def test_the_very_audio_comes_before_another_encoding_of_it() -> None:
    found = given([stored("a", "A")], {"a.ogg": "A2", "backup.ogg": "A"}, same=True)
    assert found == {"a.ogg": ("a~2", Outcome.REPLACED), "backup.ogg": ("a", Outcome.MOVED)}
