"""A catalogue that commands ask."""

from pathlib import Path

import pytest
from pymongo import MongoClient

from segue_core.settings import MongoSettings
from segue_core.store.database import Database, Document
from support.asked_catalogue import store_catalogue


@pytest.fixture
def asked_catalogue(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """The catalogue ``fma``, in the database that the environment names."""
    monkeypatch.setenv("MONGODB_URI", mongo_settings.uri)
    monkeypatch.setenv("SEGUE_DATABASE", mongo_settings.database)
    monkeypatch.setenv("SEGUE_STATE", str(tmp_path / "state"))
    return store_catalogue(mongo_client, mongo_settings)
