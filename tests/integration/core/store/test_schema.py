"""A database is brought to the version that the program knows: a new one at once, an older one step by step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from segue_core.errors import UnrecoverableError
from segue_core.identity.catalogue import Catalogue, Source
from segue_core.identity.rules import Identities, Listed, Outcome, SourceFile
from segue_core.identity.stored_tracks import own_rows, stored_track
from segue_core.store.database import Collection, Database
from segue_core.store.records import to_document
from segue_core.store.schema import FIRST_VERSION, MIGRATIONS, Migration, prepare
from segue_core.store.tracks import rows_with_ids
from support.tracks import track_record


def _mark(target: Database) -> None:
    target[Collection.TRACKS].update_many({"marked": None}, {"$set": {"marked": True}})


def _rename(target: Database) -> None:
    target[Collection.TRACKS].update_many({"marked": {"$exists": True}}, {"$rename": {"marked": "named"}})


STEPS = (Migration(2, "mark tracks", _mark), Migration(3, "rename the mark", _rename))


def _version(target: Database) -> int:
    found = target[Collection.SCHEMA].find_one({"_id": "database"})
    assert found is not None
    return int(found["version"])


def _store(target: Database) -> None:
    target[Collection.TRACKS].insert_one({"_id": "c:1", "catalogue": "c"})


def test_a_new_database_begins_with_the_newest_version(target: Database) -> None:
    prepare(target, STEPS)
    _store(target)
    prepare(target, STEPS)
    assert _version(target) == 3
    assert target[Collection.TRACKS].find_one() == {"_id": "c:1", "catalogue": "c"}


def test_a_database_of_the_first_releases_is_migrated_step_by_step_and_once(target: Database) -> None:
    _store(target)
    prepare(target, STEPS)
    prepare(target, STEPS)
    assert _version(target) == 3
    assert target[Collection.TRACKS].find_one() == {"_id": "c:1", "catalogue": "c", "named": True}


def test_a_migration_that_was_killed_resumes_where_it_was(target: Database) -> None:
    def die(_target: Database) -> None:
        raise KeyboardInterrupt

    _store(target)
    with pytest.raises(KeyboardInterrupt):
        prepare(target, (STEPS[0], Migration(3, "die", die)))
    assert _version(target) == 2
    prepare(target, STEPS)
    assert target[Collection.TRACKS].find_one() == {"_id": "c:1", "catalogue": "c", "named": True}


def test_programs_may_start_together(target: Database) -> None:
    _store(target)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _number: prepare(target, STEPS[:1]), range(6)))
    assert _version(target) == 2
    assert target[Collection.TRACKS].find_one() == {"_id": "c:1", "catalogue": "c", "marked": True}


def test_a_database_of_a_newer_release_is_left_alone(target: Database) -> None:
    prepare(target, STEPS)
    with pytest.raises(UnrecoverableError, match="schema version 3, this program knows 2: a newer Segue"):
        prepare(target, STEPS[:1])


def test_the_steps_have_no_gap() -> None:
    assert [step.version for step in MIGRATIONS] == list(range(FIRST_VERSION + 1, FIRST_VERSION + 1 + len(MIGRATIONS)))


def test_tracks_of_the_first_version_get_the_source_of_their_batch(target: Database) -> None:
    first = [to_document(track_record(number, batch=batch)) for number, batch in ((1, "one"), (2, "two"), (3, "one"))]
    for document in first:  # as version 1 wrote them
        del document["source"], document["claim"]
        target[Collection.TRACKS].insert_one({"_id": f"fma:{document['trackId']}", **document})
    prepare(target)
    prepare(target)
    assert _version(target) == MIGRATIONS[-1].version
    sources = {found["_id"]: found["source"] for found in target[Collection.TRACKS].find({}, ["source"])}
    assert sources == {"fma:1": "batch:one", "fma:2": "batch:two", "fma:3": "batch:one"}
    one, here = Source("hostPath/music", "one"), ("1", "2")
    assert sorted(row.track_id for row in own_rows(target, "fma", one)) == ["1", "3"]
    catalogue = Catalogue(one, (stored_track(row) for row in rows_with_ids(target, "fma", here)))
    identities = Identities(catalogue, Listed(ids={}, holds=lambda _path, _audio: False))
    outcomes = [
        identities.identify(SourceFile(track_id, f"{track_id}.mp3", f"{int(track_id):064x}"), lambda _track: False)
        for track_id in here
    ]
    assert [(found.track_id, found.outcome) for found in outcomes] == [("1", Outcome.MOVED), ("2", Outcome.ADOPTED)]
    assert all(found.stored is not None and not found.stored.is_owned for found in outcomes)
