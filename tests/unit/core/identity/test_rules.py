"""Every row of the table of outcomes, on a catalogue of a few tracks."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from segue_core.identity.catalogue import Catalogue, Source, StoredTrack, source_of_batch
from segue_core.identity.rules import Identities, Identity, Listed, Outcome, SourceFile

SOURCE = Source("hostPath/music", "mine")


def stored(track_id: str, audio: str, *, path: str = "", source: str = SOURCE.name, **more: object) -> StoredTrack:
    return StoredTrack(track_id, source, path or f"{track_id}.ogg", audio, **more)  # type: ignore[arg-type]


def identify(
    tracks: list[StoredTrack], folder: Mapping[str, str], path: str, *, same: bool = False, listed_id: str = ""
) -> Identity:
    """The identity of one file of a folder: path -> audio."""
    ids = {name: name.removesuffix(".ogg").removesuffix(".flac") for name in folder}
    identities = Identities(
        Catalogue(SOURCE, tracks), Listed(ids=ids, holds=lambda name, audio: folder.get(name) == audio)
    )
    return identities.identify(SourceFile(listed_id or ids[path], path, folder[path]), lambda _track: same)


@pytest.mark.parametrize(
    ("tracks", "folder", "path", "same", "track_id", "outcome"),
    [
        ([], {"a.ogg": "A"}, "a.ogg", False, "a", Outcome.ADDED),
        ([stored("a", "A")], {"a.ogg": "A"}, "a.ogg", False, "a", Outcome.UNCHANGED),
        ([stored("a", "A")], {"x/a.ogg": "A"}, "x/a.ogg", False, "a", Outcome.MOVED),
        ([stored("a", "A")], {"a.ogg": "A", "b.ogg": "A"}, "b.ogg", False, "b", Outcome.COPIED),
        ([stored("a", "A")], {"a.ogg": "A2"}, "a.ogg", True, "a", Outcome.CHANGED),
        ([stored("a", "A")], {"a.flac": "A2"}, "a.flac", True, "a", Outcome.CHANGED),
        ([stored("a", "A")], {"a.ogg": "B"}, "a.ogg", False, "a~2", Outcome.REPLACED),
        ([stored("a", "A"), stored("a~2", "B", path="a.ogg", time=1)], {"a.ogg": "A"}, "a.ogg", False, "a",
         Outcome.RETURNED),
        ([stored("a", "A"), stored("a~2", "B", path="a.ogg", time=1)], {"a.ogg": "B"}, "a.ogg", False, "a~2",
         Outcome.UNCHANGED),
        ([stored("a", "A"), stored("a~2", "B", path="a.ogg", time=1)], {"a.ogg": "C"}, "a.ogg", False, "a~3",
         Outcome.REPLACED),
        ([stored("a", "A", deleted=True)], {"b.ogg": "A"}, "b.ogg", False, "a", Outcome.RETURNED),
        ([stored("a", "A", deleted=True)], {"a.ogg": "B"}, "a.ogg", True, "a~2", Outcome.ADDED),
        ([stored("a", "A", source="other")], {"a.ogg": "A"}, "a.ogg", False, "a", Outcome.ADOPTED),
        ([stored("a", "A", source="other")], {"a.ogg": "B"}, "a.ogg", True, "a", Outcome.TAKEN),
        ([stored("a", "A", source=source_of_batch("mine"))], {"a.ogg": "B"}, "a.ogg", True, "a", Outcome.CHANGED),
        ([stored("a", "A", source=source_of_batch("other"))], {"a.ogg": "B"}, "a.ogg", True, "a", Outcome.TAKEN),
    ],
)  # fmt: skip
def test_what_a_file_gets(
    tracks: list[StoredTrack], folder: dict[str, str], path: str, same: bool, track_id: str, outcome: Outcome
) -> None:
    found = identify(tracks, folder, path, same=same)
    assert (found.track_id, found.outcome) == (track_id, outcome)


def test_two_files_that_swap_their_names_keep_their_ids() -> None:
    tracks, folder = [stored("a", "A"), stored("b", "B")], {"a.ogg": "B", "b.ogg": "A"}
    assert identify(tracks, folder, "a.ogg").track_id == "b"
    assert identify(tracks, folder, "b.ogg").track_id == "a"


def test_an_id_is_given_once_although_its_audio_moved_to_two_places() -> None:
    folder = {"x.ogg": "A", "y.ogg": "A"}
    identities = Identities(
        Catalogue(SOURCE, [stored("a", "A")]),
        Listed(ids={"x.ogg": "x", "y.ogg": "y"}, holds=lambda path, audio: folder.get(path) == audio),
    )
    given = [
        identities.identify(SourceFile(path[0], path, audio), lambda _track: False) for path, audio in folder.items()
    ]
    assert [(found.track_id, found.outcome) for found in given] == [("a", Outcome.MOVED), ("y", Outcome.COPIED)]


def test_a_file_that_can_be_decoded_again_has_its_id_back_from_the_other_file_of_its_track() -> None:
    """While song.flac was broken, song.mp3 was taken and not recognised: it got an id of its own, which is newer."""
    old, meanwhile = stored("song", "A", path="song.flac", time=1), stored("song~2", "B", path="song.mp3", time=2)
    ids = {"song.flac": "song", "song.mp3": "song"}
    for track, outcome in ((old, Outcome.RETURNED), (replace(old, time=3), Outcome.UNCHANGED)):
        identities = Identities(Catalogue(SOURCE, [track, meanwhile]), Listed(ids=ids, holds=lambda *_: True))
        file = SourceFile("song", "song.flac", "A", ("song.mp3",))
        assert identities.identify(file, lambda _track: False) == Identity("song", outcome, track)


def test_an_id_of_its_own_is_neither_listed_nor_known_elsewhere() -> None:
    identities = Identities(
        Catalogue(SOURCE, [stored("a", "A")]),
        Listed(ids={"a.ogg": "a", "a~2.ogg": "a~2"}, holds=lambda _path, _audio: False),
        is_free=lambda track_id: track_id != "a~3",
    )
    assert identities.identify(SourceFile("a", "a.ogg", "B"), lambda _track: False).track_id == "a~4"


def test_the_newest_record_of_a_path_says_which_track_is_there() -> None:
    catalogue = Catalogue(SOURCE, [stored("a", "A", time=3), stored("a~2", "B", path="a.ogg", time=2)])
    assert catalogue.stored_as("a", "a.ogg") == catalogue.by_id["a"]


def test_a_track_of_another_source_counts_under_its_id_and_an_own_one_where_it_is() -> None:
    foreign = stored("b", "B", source="other", path="elsewhere.ogg")
    catalogue = Catalogue(SOURCE, [stored("a", "A"), foreign])
    assert catalogue.stored_as("b", "b.ogg") == foreign
    assert catalogue.stored_as("a", "moved/a.ogg") is None
