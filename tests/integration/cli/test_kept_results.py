"""A status outlives the database: what is lost there is not called finished."""

from __future__ import annotations

import pytest
from pymongo import MongoClient

from segue.commands.kept_results import check_kept
from segue.errors import CommandError
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Database, Document, database
from segue_core.store.model_versions import reserve_number
from segue_core.store.presence import Presence, SourcePresence, write_presence
from support.local_state import ended
from support.manifests import track_batch, training_run

BATCH = ended(track_batch("songs"), reason="Verified", message="all", tracks={"listed": 170, "stored": 170})
RUN = ended(training_run("weekly"), reason="Completed", message="done", model={"version": "music:1", "tracks": 170})
SOURCE = "hostPath/srv/music"


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database:
    return database(mongo_client, mongo_settings)


def note_presence(target: Database, catalogue: str) -> None:
    entry = SourcePresence(name=SOURCE, path="a.ogg", present=True, since="2026-01-01T10:00:00Z")
    write_presence(target, [Presence(catalogue=catalogue, track_id="a", audio_sha256="0" * 64, sources=(entry,))])


def test_what_the_database_has_lost_is_named_with_the_ways_out(target: Database) -> None:
    note_presence(target, "another catalogue")
    with pytest.raises(CommandError) as caught:
        check_kept(target, [BATCH, RUN])
    assert str(caught.value) == (
        "trackbatch/songs (170 tracks), trainingrun/weekly (the model music:1) finished earlier, "
        "but the database has nothing of that any more"
    )
    assert "restore the database from a backup" in (caught.value.hint or "")
    assert "--again" in (caught.value.hint or "")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("ending", ["", ".2"], ids=["first round", "later round"])
def test_what_is_kept_in_whole_or_in_part_is_finished(target: Database, ending: str) -> None:
    note_presence(target, "music")
    reserve_number(target, "music", f"{RUN['metadata']['uid']}{ending}")  # stays when the version is deleted
    check_kept(target, [BATCH, RUN])


@pytest.mark.parametrize("source", [SOURCE, "batch:songs"])
def test_tracks_of_earlier_releases_have_no_presence(target: Database, source: str) -> None:
    target[Collection.TRACKS].insert_one({"_id": "music:a", "catalogue": "music", "source": source})
    check_kept(target, [BATCH])


def test_what_stored_nothing_cannot_lose_it(target: Database) -> None:
    failed = ended(track_batch("broken"), reason="Deadline", message="late", failed=True, tracks={"stored": 3})
    empty = ended(track_batch("empty"), reason="Verified", message="all", tracks={"listed": 0, "stored": 0})
    check_kept(target, [failed, empty])
