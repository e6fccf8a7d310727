"""What a training run has left in the database."""

from __future__ import annotations

import msgspec
from pymongo import MongoClient

from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Document, database
from segue_core.store.models import Assignment, ModelDocument, model_key


class Stored:
    """What a run has left in the database."""

    def __init__(self, client: MongoClient[Document], settings: MongoSettings) -> None:
        self.target = database(client, settings)

    def model(self, number: int = 1) -> ModelDocument:
        return msgspec.convert(self.target[Collection.MODELS].find_one({"_id": f"c:{number}"}), ModelDocument)

    def assignments(self, number: int = 1) -> dict[str, Assignment]:
        found = self.target[Collection.ASSIGNMENTS].find({"model": model_key("c", number)}, {"_id": 0})
        return {entry["trackId"]: msgspec.convert(entry, Assignment) for entry in found}
