"""``segue keys`` on a real database."""

from __future__ import annotations

import json

import msgspec
import pytest
from pymongo import MongoClient

from segue.__main__ import main
from segue_core.contract import Env
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Document, database
from segue_core.store.keys import KeyRecord, decode_key_file

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _own_database(mongo_settings: MongoSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(Env.MONGODB_URI, mongo_settings.uri)
    monkeypatch.setenv(Env.DATABASE, mongo_settings.database)


def stored(client: MongoClient[Document], settings: MongoSettings) -> list[KeyRecord]:
    found = database(client, settings)[Collection.KEYS].find()
    return [msgspec.convert(document, KeyRecord) for document in found]


def test_a_key_is_made_shown_once_listed_and_revoked(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "--role", "listener", "--user", "anna", "--note", "phone"]) == 0
    token = capsys.readouterr().out.strip()
    (record,) = stored(mongo_client, mongo_settings)
    assert record.opens_with(token)
    assert token not in str(mongo_client[mongo_settings.database][Collection.KEYS].find_one())
    assert main(["keys"]) == 0
    listed = capsys.readouterr().out
    assert all(word in listed for word in (record.id, "listener", "anna", "phone"))
    assert record.sha256 not in listed
    assert main(["keys", "revoke", record.id]) == 0
    assert main(["keys", "revoke", record.id]) == 0
    (record,) = stored(mongo_client, mongo_settings)
    assert not record.opens_with(token)
    assert main(["keys", "revoke", "nobody"]) == 2


def test_a_key_for_a_file_needs_no_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(Env.MONGODB_URI, "mongodb://127.0.0.1:1")
    assert main(["keys", "create", "--role", "ingest", "--offline", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    (record,) = decode_key_file(json.dumps(made["key"]).encode())
    assert record.opens_with(made["token"])


def test_an_admin_s_key_may_name_whom_its_owner_listens_as(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--role", "admin", "--user", "anna", "--offline", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["key"]["user"] == "anna"


@pytest.mark.parametrize("words", ["listener", "listener --user me", "ingest --user anna", "king"])
def test_a_wrong_key_is_not_made(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--role", *words.split()]) == 2
    assert "error:" in capsys.readouterr().err
