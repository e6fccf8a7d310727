"""A catalogue that was loaded once is not read again, until anything of it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.recommend.catalogue import load_catalogue
from segue_core.recommend.catalogue_cache import CatalogueCache
from segue_core.settings import MongoSettings
from segue_core.store.content_marks import change_content, content_fingerprint
from segue_core.store.database import Collection, Database, Document, database, ensure_indexes
from segue_core.store.forget import forget
from segue_core.store.models import CatalogueDocument, model_key
from segue_core.store.presence import Presence, SourcePresence, delete_presence, read_presence, write_presence
from segue_core.store.records import to_document
from segue_core.store.tracks import delete_tracks
from support.synthetic_model import CREATED, train_model
from support.synthetic_tracks import synthetic_tracks, track_document


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database:
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    records = list(synthetic_tracks("fma", 60))
    model, assignments = train_model(records, k=3)
    found[Collection.TRACKS].insert_many([track_document(record) for record in records])
    found[Collection.MODELS].insert_one({"_id": model.key, **to_document(model)})
    found[Collection.ASSIGNMENTS].insert_many(
        [{"_id": f"{model.key}:{entry.track_id}", **to_document(entry)} for entry in assignments]
    )
    pointer = CatalogueDocument(catalogue="fma", active_model=model_key("fma", 1), updated=CREATED)
    found[Collection.CATALOGUES].insert_one({"_id": "fma", **to_document(pointer)})
    return found


@pytest.fixture
def cache(tmp_path: Path) -> CatalogueCache:
    return CatalogueCache(tmp_path / "cache")


def marked(target: Database) -> Database:
    change_content(target, "fma", "test", lambda _session: None)
    return target


def test_tracks_are_not_read_twice(target: Database, cache: CatalogueCache) -> None:
    first = load_catalogue(marked(target), "fma", cache=cache)
    target[Collection.TRACKS].delete_many({})  # without a mark, as no program does it
    again = load_catalogue(target, "fma", cache=cache)
    assert again.similar("000007", limit=20) == first.similar("000007", limit=20)


def test_a_damaged_file_is_loaded_again_and_replaced(target: Database, cache: CatalogueCache) -> None:
    load_catalogue(marked(target), "fma", cache=cache)
    [path] = cache.folder.iterdir()
    path.write_bytes(b"nonsense")
    assert load_catalogue(target, "fma", cache=cache).tracks.count == 60
    assert path.stat().st_size > 10_000


def test_a_catalogue_without_marks_is_not_kept(target: Database, cache: CatalogueCache) -> None:
    assert content_fingerprint(target, "fma") is None
    load_catalogue(target, "fma", cache=cache)
    assert not cache.folder.exists()


def present(target: Database, *, hidden: bool) -> None:
    [before] = [*read_presence(target, "fma", ["000007"])] or [None]
    source = SourcePresence(name="one", path="7.mp3", present=not hidden, since=CREATED)
    revision = 0 if before is None else before.revision
    changed = Presence(
        catalogue="fma", track_id="000007", audio_sha256="a" * 64, sources=(source,), hidden=hidden, revision=revision
    )
    assert write_presence(target, [changed])


@pytest.mark.parametrize(
    ("change", "tracks"),
    [
        (lambda target: delete_tracks(target, "fma", ["000007"]), 59),
        (lambda target: present(target, hidden=True), 59),
        (lambda target: (present(target, hidden=True), delete_presence(target, "fma", ["000007"])), 60),
        (lambda target: forget(target, "fma", ["000007"]), 59),
    ],
    ids=["delete", "hide", "show", "forget"],
)
def test_what_changes_a_catalogue_is_seen(
    target: Database, cache: CatalogueCache, change: Callable[[Database], object], tracks: int
) -> None:
    load_catalogue(marked(target), "fma", cache=cache)
    other = content_fingerprint(marked(target), "another")
    change(target)
    assert load_catalogue(target, "fma", cache=cache).tracks.count == tracks
    assert content_fingerprint(target, "another") == other


def test_a_change_that_fails_leaves_neither_itself_nor_a_mark(target: Database) -> None:
    before = content_fingerprint(marked(target), "fma")

    def fail(_session: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_content(target, "fma", "test", fail)
    assert content_fingerprint(target, "fma") == before
