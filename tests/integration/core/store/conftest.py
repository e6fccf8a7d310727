"""A database with Segue's collections and indexes."""

from __future__ import annotations

import pytest
from pymongo import MongoClient

from segue_core.settings import MongoSettings
from segue_core.store.database import Database, Document, database, ensure_indexes


@pytest.fixture
def target(mongo_client: MongoClient[Document], mongo_settings: MongoSettings) -> Database:
    found = database(mongo_client, mongo_settings)
    ensure_indexes(found)
    return found
