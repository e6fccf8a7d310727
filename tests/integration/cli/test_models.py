"""The subcommands of ``segue models``, over a real database."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from pymongo import MongoClient

from segue.__main__ import main
from segue_core.settings import MongoSettings
from segue_core.store import catalogues
from segue_core.store.assignments import write_assignments
from segue_core.store.catalogues import change_active_model, read_pointer
from segue_core.store.database import Collection, Database, Document, database, ensure_indexes
from segue_core.store.model_versions import model_keys, publish
from segue_core.store.models import CatalogueDocument
from segue_core.store.pointer import Activate, ChangeNote, ChangeRefusedError
from segue_core.store.retention import delete_version
from support.synthetic_model import train_model
from support.synthetic_tracks import store_tracks, synthetic_tracks

NOTE = ChangeNote(by="TrainingRun demo/weekly", reason="not worse than model 1")


@pytest.fixture(autouse=True)
def target(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """Catalogue fma with three versions, the second of which is active."""
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    records = list(synthetic_tracks("fma", 80, genres=4))
    store_tracks(mongo_settings, records)
    for number, k in ((1, 3), (2, 4), (3, 4)):
        model, assignments = train_model(records, k=k, number=number)
        publish(found, msgspec.structs.replace(model, metrics={"recallAt10": 0.9 + number / 100}))
        write_assignments(mongo_client, mongo_settings, assignments)
    for key in ("fma:1", "fma:2"):
        change_active_model(found, "fma", Activate(model=key), NOTE)
    monkeypatch.setenv("MONGODB_URI", mongo_settings.uri)
    monkeypatch.setenv("SEGUE_DATABASE", mongo_settings.database)
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    return found


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]):
    def run(*words: str, code: int = 0) -> str:
        assert main(["models", *words]) == code
        shown = capsys.readouterr()
        return shown.err if code else shown.out

    return run


def pointer(target: Database) -> CatalogueDocument:
    found = read_pointer(target, "fma")
    assert found is not None
    return found


def test_the_list_says_which_version_is_active_pinned_and_previous(ask) -> None:
    for words in ((), ("list",), ("--catalogue", "fma"), ("list", "--catalogue", "fma")):
        header, *lines = (line.split() for line in ask(*words).splitlines())
        assert header == ["NAME", "ACTIVE", "K", "TRACKS", "RUN", "CREATED"]
        assert [line[:2] for line in lines] == [["fma:1", "previous"], ["fma:2", "yes"], ["fma:3", "-"]]
    ask("pin", "--catalogue", "fma")
    assert ask().splitlines()[2].split()[:2] == ["fma:2", "pinned"]
    documents = json.loads(ask("--json"))
    assert [(one["name"], one["active"], one["pinned"], one["previous"]) for one in documents] == [
        ("fma:1", False, False, True), ("fma:2", True, True, False), ("fma:3", False, False, False),
    ]  # fmt: skip
    assert documents[0]["metrics"] == {"recallAt10": 0.91}


def test_a_version_is_shown_with_who_made_it_active_and_why(ask) -> None:
    shown = ask("show", "--catalogue", "fma")
    assert "fma:2" in shown
    assert "by TrainingRun demo/weekly: not worse than model 1" in shown
    assert "80 in 4 clusters" in shown
    assert "0.92" in shown
    assert "not active, and was so before it; fma:2 is" in ask("show", "1", "--catalogue", "fma")
    document = json.loads(ask("show", "fma:3", "--catalogue", "fma", "--json"))
    assert (document["name"], document["k"], document["pointer"]["activeModel"]) == ("fma:3", 4, "fma:2")
    assert "centres" not in document


def test_a_rollback_is_an_activation_and_says_how_to_keep_it(
    ask, target: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["models", "activate", "1", "--catalogue", "fma", "--reason", "version 2 repeats itself"]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert shown.out == "fma:1 is the active model now; before: fma:2\n"
    assert "segue models pin --catalogue fma" in shown.err
    found = pointer(target)
    assert (found.active_model, found.previous_model, found.by, found.reason) == (
        "fma:1", "fma:2", "segue models activate", "version 2 repeats itself",
    )  # fmt: skip
    assert ask("activate", "fma:1", "--catalogue", "fma") == "fma:1 is the active model already\n"
    assert json.loads(ask("activate", "2", "--catalogue", "fma", "--json"))["activeModel"] == "fma:2"


def test_a_pinned_version_is_replaced_only_after_it_was_unpinned(ask, target: Database) -> None:
    assert ask("pin", "--catalogue", "fma") == "fma:2 is pinned: training runs do not replace it\n"
    refused = ask("activate", "3", "--catalogue", "fma", code=1)
    assert "model 'fma:2' is pinned (by segue models pin, " in refused
    assert ": pinned by hand); unpin it first\n  hint: segue models unpin --catalogue fma, or move the pin: " in refused
    assert "segue models pin fma:3 --catalogue fma" in " ".join(refused.split())
    assert pointer(target).active_model == "fma:2"
    moved = ask("pin", "3", "--catalogue", "fma", "--reason", "the tour needs it")
    assert moved == "fma:3 is the active model now, and pinned: training runs do not replace it\n"
    assert (pointer(target).active_model, pointer(target).reason) == ("fma:3", "the tour needs it")
    assert "no longer pinned" in ask("unpin", "--catalogue", "fma")
    assert ask("unpin", "--catalogue", "fma") == "fma:3 is not pinned\n"
    assert json.loads(ask("unpin", "--catalogue", "fma", "--json"))["pinned"] is False
    ask("activate", "1", "--catalogue", "fma")


def test_two_versions_are_compared(ask) -> None:
    shown = ask("diff", "1", "2", "--catalogue", "fma")
    assert "(80 tracks asked)" in shown
    assert "80 tracks are in both; 0 only in fma:1, 0 only in fma:2" in shown
    assert "exact neighbours found in the nearest clusters  0.91  0.92" in " ".join(shown.split(" ")).replace(
        "   ", "  "
    )
    document = json.loads(ask("diff", "fma:2", "fma:3", "--catalogue", "fma", "--json"))
    assert (document["before"], document["after"], document["overlap"], document["moved"]) == ("fma:2", "fma:3", 1, 0)
    assert (document["commonTracks"], document["seeds"], document["mostChanged"]) == (80, 80, [])
    assert document["measures"] == {"recallAt10": {"before": 0.92, "after": 0.93}}
    assert [cluster["number"] for cluster in document["clusters"]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("activate", "9", "--catalogue", "fma"), 2, "'fma' has no model 'fma:9'; its models: fma:1, fma:2, fma:3"),
        (("pin", "x", "--catalogue", "fma"), 2, "hint: list the versions: segue models list --catalogue fma"),
        (("activate", "9" * 5000, "--catalogue", "fma"), 2, "its models: fma:1, fma:2, fma:3"),
        (("show", "fma:9", "--catalogue", "fma"), 2, "has no model 'fma:9'; its models: fma:1, fma:2, fma:3"),
        (("diff", "1", "9", "--catalogue", "fma"), 2, "has no model 'fma:9'"),
        (("activate", "1", "--catalogue", "fna"), 2, "did you mean fma?"),
        (("list", "--catalogue", "fna"), 2, "did you mean fma?"),
        (("pin", "--catalogue", "fma", "--reason", "x" * 501), 2, "--reason: the reason must have 1 to 500 characters"),
        (("pin", "--catalogue", "fma", "--reason", " "), 2, "--reason: the reason must have"),
    ],
)
def test_a_wrong_change_is_explained_and_changes_nothing(
    words: tuple[str, ...], code: int, said: str, ask, target: Database
) -> None:
    before = pointer(target)
    assert said in ask(*words, code=code)
    assert pointer(target) == before


def test_a_catalogue_without_an_active_model_has_none_to_pin(ask, target: Database) -> None:
    target[Collection.CATALOGUES].delete_many({})
    for command in ("pin", "unpin"):
        assert "catalogue 'fma' has no active model" in ask(command, "--catalogue", "fma", code=2)
    assert ask("pin", "2", "--catalogue", "fma").startswith("fma:2 is the active model now, and pinned")


def test_a_damaged_pointer_and_a_damaged_version_are_named(ask, target: Database) -> None:
    target[Collection.MODELS].update_one({"_id": "fma:3"}, {"$set": {"schemaVersion": 99}})
    assert "model 'fma:3' cannot be read" in ask("activate", "3", "--catalogue", "fma", code=1)
    target[Collection.CATALOGUES].update_one({"_id": "fma"}, {"$set": {"activeModel": 7}})
    assert "the pointer to the active model of 'fma' cannot be read" in ask("pin", "1", "--catalogue", "fma", code=1)


def test_versions_that_nobody_needs_are_deleted(ask, target: Database) -> None:
    refused = ask("delete", "2", "--catalogue", "fma", "--yes", code=1)
    assert "fma:2 stays: it is the active one\n  hint: activate another version first" in refused
    assert "fma:1 stays: it is the previous one" in ask("delete", "1", "--catalogue", "fma", "--yes", code=1)
    assert "has no model 'fma:9'" in ask("delete", "9", "3", "--catalogue", "fma", "--yes", code=2)
    assert "nobody can be asked here, so nothing was deleted" in ask("delete", "3", "--catalogue", "fma", code=2)
    assert "how many to keep" in ask("delete", "--catalogue", "fma", code=2)
    assert model_keys(target, "fma") == ["fma:1", "fma:2", "fma:3"]

    assert ask("delete", "3", "--catalogue", "fma", "--yes") == "fma:3 deleted\n"
    assert model_keys(target, "fma") == ["fma:1", "fma:2"]
    assert target[Collection.ASSIGNMENTS].count_documents({"model": "fma:3"}) == 0
    assert target[Collection.ASSIGNMENTS].count_documents({"model": "fma:2"}) == 80
    assert ask("delete", "--keep", "1", "--catalogue", "fma", "--yes") == "there is nothing to delete\n"


def test_a_version_cannot_become_active_while_it_is_deleted(target: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The activation has seen the version, and the pointer from before; then the version goes."""
    check = catalogues._check_exists

    def check_and_lose(database: Database, catalogue: str, key: str) -> None:
        check(database, catalogue, key)
        delete_version(database, catalogue, key)

    monkeypatch.setattr(catalogues, "_check_exists", check_and_lose)
    with pytest.raises(ChangeRefusedError, match="no model 'fma:3'"):
        change_active_model(target, "fma", Activate(model="fma:3"), NOTE)
    assert pointer(target).active_model == "fma:2"
