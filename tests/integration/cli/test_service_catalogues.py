"""What `segue serve` says it serves, and which track it proposes to try."""

from __future__ import annotations

from pymongo import MongoClient

from segue.commands.service import served_catalogues
from segue_core.settings import MongoSettings
from segue_core.store.database import Collection, Document, database
from segue_core.store.models import Assignment, CatalogueDocument
from segue_core.store.presence import Presence, SourcePresence
from segue_core.store.records import to_document

TIME = "2026-01-01T00:00:00Z"


def test_a_track_to_try_is_in_the_model_and_its_file_is_there(
    mongo_client: MongoClient[Document], mongo_settings: MongoSettings
) -> None:
    target = database(mongo_client, mongo_settings)
    assert served_catalogues(target, ()) == {}
    pointer = CatalogueDocument(catalogue="fma", active_model="fma:1", updated=TIME)
    target[Collection.CATALOGUES].insert_one({"_id": "fma", **to_document(pointer)})
    for track_id, cluster in (("a", None), ("b", 0), ("c", 1)):
        assignment = Assignment(model="fma:1", catalogue="fma", track_id=track_id, cluster=cluster)
        target[Collection.ASSIGNMENTS].insert_one({"_id": f"fma:1:{track_id}", **to_document(assignment)})
    assert served_catalogues(target, ()) == {"fma": "b"}
    source = SourcePresence(name="one", path="b.ogg", present=False, since=TIME)
    gone = Presence(catalogue="fma", track_id="b", audio_sha256="b", sources=(source,), hidden=True)
    target[Collection.PRESENCE].insert_one({"_id": gone.key, **to_document(gone)})
    assert served_catalogues(target, ["fma", "later"]) == {"fma": "c", "later": "ID"}
