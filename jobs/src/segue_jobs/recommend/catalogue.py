"""Load a catalogue's model and tracks from MongoDB."""

from __future__ import annotations

import msgspec
from pymongo.database import Database

from segue_jobs.contract import Exclusion
from segue_jobs.models import MODEL_SCHEMA_VERSION, Assignment, CatalogueDocument, ModelDocument, model_key
from segue_jobs.recommend.assembly import Assembly
from segue_jobs.recommend.errors import EmptyCatalogueError, NoModelError, UnreadableModelError
from segue_jobs.recommend.recommender import Recommender
from segue_jobs.records import TrackRecord
from segue_jobs.runtime.mongodb import Collection, Document, of_catalogue

_BATCH = 1000


def load_catalogue(database: Database[Document], catalogue: str, model: str | int | None = None) -> Recommender:
    """Load a model and all tracks that fit it, those included that came after its training.

    Parameters
    ----------
    database
        Segue's database.
    catalogue
        Name of the catalogue.
    model
        Version, as ``<catalogue>:<number>`` or as the number alone; the active one by default.

    Raises
    ------
    NoModelError
        There is no model yet, or not this version.
    EmptyCatalogueError
        The catalogue has no tracks, or none that fits the model.
    UnreadableModelError
        The model's documents are damaged.
    """
    key, document = _model(database, catalogue, model)
    try:
        assembly = Assembly(msgspec.convert(document, ModelDocument))
        for entry in database[Collection.ASSIGNMENTS].find({"model": key}, {"_id": 0}, batch_size=_BATCH):
            assembly.assign(msgspec.convert(entry, Assignment))
    except ValueError as error:
        raise UnreadableModelError(key, str(error)) from error
    tracks = database[Collection.TRACKS].find(of_catalogue(catalogue), {"spectrogram": 0}, batch_size=_BATCH)
    for entry in tracks:
        try:
            assembly.add(msgspec.convert(entry, TrackRecord))
        except msgspec.ValidationError as error:
            track_id = str(entry.get("trackId", entry["_id"]))
            assembly.absent(track_id, Exclusion.LAYOUT_MISMATCH, f"its document cannot be read: {error}")
    fields = {"_id": 0, "trackId": 1, "reason": 1, "message": 1}
    for entry in database[Collection.REJECTED].find({"catalogue": catalogue}, fields, batch_size=_BATCH):
        assembly.absent(str(entry["trackId"]), str(entry["reason"]), str(entry["message"]))
    return assembly.finish()


def _model(database: Database[Document], catalogue: str, model: str | int | None) -> tuple[str, Document]:
    key = _active(database, catalogue) if model is None else str(model)
    if key.isdecimal():
        key = model_key(catalogue, int(key))
    document = database[Collection.MODELS].find_one({"_id": key})
    if document is None or document.get("catalogue") != catalogue:
        numbers = database[Collection.MODELS].find({"catalogue": catalogue}, {"number": 1}).sort("number")
        known = ", ".join(model_key(catalogue, int(entry["number"])) for entry in numbers)
        raise NoModelError(f"catalogue {catalogue!r} has no model {key!r}; it has {known or 'none'}")
    version = document.get("schemaVersion", MODEL_SCHEMA_VERSION)
    if version != MODEL_SCHEMA_VERSION:
        raise UnreadableModelError(key, f"its schema version is {version}, this program reads {MODEL_SCHEMA_VERSION}")
    return key, document


def _active(database: Database[Document], catalogue: str) -> str:
    pointer = database[Collection.CATALOGUES].find_one({"_id": catalogue})
    if pointer is not None:
        try:
            return msgspec.convert(pointer, CatalogueDocument).active_model
        except msgspec.ValidationError as error:
            raise NoModelError(f"the pointer to the active model of {catalogue!r} cannot be read: {error}") from error
    if database[Collection.TRACKS].find_one(of_catalogue(catalogue), {"_id": 1}) is None:
        known = ", ".join(sorted(map(str, database[Collection.TRACKS].distinct("catalogue"))))
        raise EmptyCatalogueError(
            f"catalogue {catalogue!r} has no tracks: apply a TrackBatch; catalogues with tracks: {known or 'none'}"
        )
    if database[Collection.MODELS].find_one({"catalogue": catalogue}, {"_id": 1}) is not None:
        raise NoModelError(f"catalogue {catalogue!r} has models, but none is active; name one, or promote one")
    raise NoModelError(f"catalogue {catalogue!r} has no model yet: apply a TrainingRun")
