"""Over any history of a collection, no id is lost, none means two recordings, and applying twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.identity.catalogue import Catalogue, Source, StoredTrack
from segue_core.identity.rules import Identities, Identity, Listed, Outcome, SourceFile

SOURCES = (Source("one", "batch-one"), Source("two", "batch-two"))
NAMES = ("a", "b", "x/a", "a~2")
PATHS = tuple(f"{name}{extension}" for name in NAMES for extension in (".ogg", ".mp3"))
RECORDINGS = ("A", "B", "C")


@dataclass(frozen=True)
class Audio:
    """What a file holds: a recording in one of its encodings, with tags; or nothing that can be decoded."""

    recording: str
    encoding: int = 0
    tags: int = 0
    broken: bool = False

    @property
    def sha256(self) -> str:
        return f"{self.recording}{self.encoding}"


@dataclass
class Collection:
    """Two folders, and what a catalogue knows of them."""

    folders: dict[str, dict[str, Audio]] = field(default_factory=lambda: {source.name: {} for source in SOURCES})
    tracks: dict[str, StoredTrack] = field(default_factory=dict)
    recordings: dict[str, str] = field(default_factory=dict)
    """Id -> the recording that it meant first."""
    clock: int = 0

    def apply(self, source: Source, *, sure: bool = True, shards: int = 2) -> dict[str, Identity | None]:
        """One batch: what each file got, None for a file that cannot be decoded.

        Its shards work at the same time, each on files of its own, and see what was stored before.
        """
        folder = self.folders[source.name]
        listed = _listed(folder)
        parts = [
            Identities(Catalogue(source, self.tracks.values()), listed, lambda track_id: track_id not in self.tracks)
            for _ in range(shards)
        ]
        given: dict[str, Identity | None] = {}
        for number, (path, audio) in enumerate(sorted(folder.items())):
            identities = parts[number % shards]
            if audio.broken:
                given[path] = None
                continue
            same = _comparison(audio, self.recordings, sure=sure)
            given[path] = identities.identify(SourceFile(listed.ids[path], path, audio.sha256), same)
        for path, identity in given.items():
            if identity is not None and identity.outcome is not Outcome.TAKEN:
                self._store(source, path, folder[path], identity)
        return given

    def _store(self, source: Source, path: str, audio: Audio, identity: Identity) -> None:
        known = self.recordings.setdefault(identity.track_id, audio.recording)
        assert known == audio.recording, f"{identity.track_id} means {known} and {audio.recording}"
        before = self.tracks.get(identity.track_id)
        if before is not None and not before.deleted and not source.owns(before.source):
            return
        after = StoredTrack(identity.track_id, source.name, path, audio.sha256)
        if before is None or replace(before, time=0) != after or identity.outcome is Outcome.RETURNED:
            self.clock += 1
            self.tracks[identity.track_id] = replace(after, time=self.clock)


def _listed(folder: dict[str, Audio]) -> Listed:
    """One file an id, as a listing has it."""
    ids: dict[str, str] = {}
    for path in sorted(folder):
        name = path.rpartition(".")[0]
        ids[path] = name if name not in ids.values() else f"{name}#2"
    return Listed(
        ids=ids,
        holds=lambda path, sha256: path in folder and not folder[path].broken and folder[path].sha256 == sha256,
    )


def _comparison(audio: Audio, recordings: dict[str, str], *, sure: bool) -> Callable[[StoredTrack], bool]:
    return lambda track: sure and recordings[track.track_id] == audio.recording


sources = st.sampled_from(SOURCES)
paths = st.sampled_from(PATHS)
audios = st.builds(Audio, st.sampled_from(RECORDINGS), st.integers(0, 1))
Step = Callable[[Collection], None]


def _edit(change: Callable[[dict[str, Audio], str, str], None]) -> st.SearchStrategy[Step]:
    def step(source: Source, first: str, second: str) -> Step:
        return lambda collection: change(collection.folders[source.name], first, second)

    return st.builds(step, sources, paths, paths)


def _move(folder: dict[str, Audio], old: str, new: str) -> None:
    if old in folder:
        folder[new] = folder.pop(old)


def _copy(folder: dict[str, Audio], old: str, new: str) -> None:
    if old in folder:
        folder[new] = folder[old]


def _swap(folder: dict[str, Audio], one: str, other: str) -> None:
    if one in folder and other in folder:
        folder[one], folder[other] = folder[other], folder[one]


def _change(folder: dict[str, Audio], path: str, **changes: int) -> None:
    if path in folder:
        folder[path] = replace(folder[path], **changes)


def _add(source: Source, path: str, audio: Audio) -> Step:
    return lambda collection: collection.folders[source.name].update({path: audio})


def _apply(source: Source, sure: bool) -> Step:
    return lambda collection: _check_batch(collection, source, sure=sure)


def _delete_stored(track_id: str) -> Step:
    """``missing: Delete``: the document goes, the id stays bound."""

    def step(collection: Collection) -> None:
        track = collection.tracks.get(track_id)
        if track is not None and track.path not in collection.folders[track.source]:
            collection.tracks[track_id] = replace(track, deleted=True)

    return step


steps = st.one_of(
    st.builds(_add, sources, paths, audios),
    _edit(_move),
    _edit(_copy),
    _edit(_swap),
    _edit(lambda folder, path, _: folder.pop(path, None) and None),
    _edit(lambda folder, path, _: _change(folder, path, tags=1)),
    _edit(lambda folder, path, _: _change(folder, path, encoding=1)),
    _edit(lambda folder, path, _: _change(folder, path, broken=True)),
    _edit(lambda folder, path, _: _change(folder, path, broken=False)),
    st.builds(_delete_stored, st.sampled_from(("a", "b", "x/a", "a~2"))),
    st.builds(_apply, sources, st.booleans()),
)


def _check_batch(collection: Collection, source: Source, *, sure: bool) -> None:
    before = set(collection.tracks)
    given = collection.apply(source, sure=sure)
    assert before <= set(collection.tracks)
    assert given.keys() == collection.folders[source.name].keys()
    stored = [found.track_id for found in given.values() if found and found.outcome is not Outcome.TAKEN]
    assert len(stored) == len(set(stored))
    _check_verification(collection, source, given)
    tracks = dict(collection.tracks)
    again = collection.apply(source, sure=sure)
    assert collection.tracks == tracks
    assert {path: found and found.track_id for path, found in again.items()} == {
        path: found and found.track_id for path, found in given.items()
    }


def _check_verification(collection: Collection, source: Source, given: dict[str, Identity | None]) -> None:
    """Without hashing, verify finds the ids that extract gave."""
    catalogue = Catalogue(source, collection.tracks.values())
    ids = _listed(collection.folders[source.name]).ids
    for path, identity in given.items():
        if identity is not None and identity.outcome is not Outcome.TAKEN:
            found = catalogue.stored_as(ids[path], path)
            assert found is not None
            assert found.track_id == identity.track_id


def _run(history: list[Step]) -> None:
    collection = Collection()
    for step in history:
        step(collection)
    for source in SOURCES:
        _check_batch(collection, source, sure=True)


histories = st.lists(steps, min_size=1, max_size=25)


@given(histories)
@settings(max_examples=300)
def test_any_history_keeps_the_promises(history: list[Step]) -> None:
    _run(history)


@pytest.mark.faults
@given(histories)
@settings(max_examples=10_000)
def test_ten_thousand_histories_keep_the_promises(history: list[Step]) -> None:
    _run(history)


@given(st.sampled_from(PATHS), st.sampled_from(PATHS), audios)
def test_a_moved_file_keeps_its_id(old: str, new: str, audio: Audio) -> None:
    collection = Collection()
    collection.folders["one"][old] = audio
    before = collection.apply(SOURCES[0])[old]
    _move(collection.folders["one"], old, new)
    after = collection.apply(SOURCES[0])[new]
    assert before is not None
    assert after is not None
    assert after.track_id == before.track_id
