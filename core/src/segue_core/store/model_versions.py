"""Model versions: how they are numbered, published and read.

A run first reserves its number (two unique keys ensure one number per run and one run per number), then writes the
vectors and assignments under that number, then inserts the model document. From then on the version exists, complete
and immutable. A run that crashes earlier leaves a reservation, and vectors and assignments that nobody reads; when it
is retried, it finds its number and overwrites them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec import Struct
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from segue_core.errors import ProgramError
from segue_core.store.assignments import delete_assignments
from segue_core.store.database import Collection, Database, Document
from segue_core.store.models import MODEL_SCHEMA_VERSION, READABLE_SCHEMA_VERSIONS, ModelDocument, model_key
from segue_core.store.records import to_document
from segue_core.store.unreadable import UnreadableDocumentError
from segue_core.store.vectors import delete_vectors

_ATTEMPTS = 100

ModelT = TypeVar("ModelT", bound=Struct)


class ModelSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """A version without the parts that only programs read."""

    catalogue: str
    number: int
    run: str
    created: str
    """RFC 3339, UTC."""
    k: int
    tracks: int
    metrics: dict[str, float]

    @property
    def key(self) -> str:
        """``<catalogue>:<number>``."""
        return model_key(self.catalogue, self.number)


@dataclass(frozen=True)
class ModelList:
    """Versions ordered by catalogue and number, and why others cannot be read."""

    models: tuple[ModelSummary, ...]
    unreadable: tuple[UnreadableDocumentError, ...]


def _decode(document: Document, kind: type[ModelT]) -> ModelT:
    """Decode a model's document, or a part of it that includes ``schemaVersion``."""
    name = f"model {str(document['_id'])!r}"
    version = document.get("schemaVersion", MODEL_SCHEMA_VERSION)
    if version not in READABLE_SCHEMA_VERSIONS:
        *others, newest = READABLE_SCHEMA_VERSIONS
        readable = f"{', '.join(map(str, others))} and {newest}"
        raise UnreadableDocumentError(name, f"its schema version is {version}, but this program reads {readable}")
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise UnreadableDocumentError(name, str(error)) from error


def read_model(target: Database, key: str) -> ModelDocument | None:
    """The version ``<catalogue>:<number>``; None if it does not exist.

    Raises
    ------
    UnreadableDocumentError
        It is damaged, or has another schema version.
    """
    return _find_model(target, {"_id": key})


def find_published(target: Database, run_uid: str) -> ModelDocument | None:
    """The version that a run has published; None if it has not published one.

    Raises
    ------
    UnreadableDocumentError
        It is damaged, or has another schema version.
    """
    return _find_model(target, {"runUid": run_uid})


def has_reserved(target: Database, run_uid: str) -> bool:
    """Whether a run has published a version here, or was about to; true as well once that version is deleted.

    Each further round of a run has the run's uid with an ending.
    """
    rounds = {"runUid": {"$gte": run_uid, "$lt": f"{run_uid}~"}}
    places = (Collection.RESERVATIONS, Collection.MODELS)
    return any(target[place].find_one(rounds, {"_id": 1}) is not None for place in places)


def _find_model(target: Database, query: Document) -> ModelDocument | None:
    document = target[Collection.MODELS].find_one(query)
    return None if document is None else _decode(document, ModelDocument)


def list_models(target: Database, catalogue: str | None = None) -> ModelList:
    """The versions of one catalogue, or of all."""
    fields = [*(field.encode_name for field in msgspec.structs.fields(ModelSummary)), "schemaVersion"]
    order = [("catalogue", ASCENDING), ("number", ASCENDING)]
    models: list[ModelSummary] = []
    unreadable: list[UnreadableDocumentError] = []
    for document in target[Collection.MODELS].find(_of(catalogue), fields, sort=order):
        try:
            models.append(_decode(document, ModelSummary))
        except UnreadableDocumentError as error:
            unreadable.append(error)
    return ModelList(tuple(models), tuple(unreadable))


def model_keys(target: Database, catalogue: str | None = None) -> list[str]:
    """Keys of the versions of one catalogue, or of all, whether or not they can be read."""
    order = [("catalogue", ASCENDING), ("number", ASCENDING)]
    return [str(document["_id"]) for document in target[Collection.MODELS].find(_of(catalogue), {"_id": 1}, sort=order)]


def stored_models(target: Database, key: str | None = None) -> list[Document]:
    """The documents of one version, or of all, as they are stored."""
    return list(target[Collection.MODELS].find({"_id": key} if key else {}).sort("_id"))


def _of(catalogue: str | None) -> Document:
    return {} if catalogue is None else {"catalogue": catalogue}


def _last_number(target: Database, collection: Collection, catalogue: str) -> int:
    newest = target[collection].find_one({"catalogue": catalogue}, {"number": 1}, sort=[("number", DESCENDING)])
    return 0 if newest is None else int(newest["number"])


def reserve_number(target: Database, catalogue: str, run_uid: str) -> int:
    """The number of a run's version: the one that it has reserved before, or the catalogue's next.

    Raises
    ------
    ProgramError
        Other runs were faster, too many times in a row.
    """
    reservations = target[Collection.RESERVATIONS]
    for _ in range(_ATTEMPTS):
        if own := reservations.find_one({"runUid": run_uid}):
            return int(own["number"])
        taken = (_last_number(target, kind, catalogue) for kind in (Collection.RESERVATIONS, Collection.MODELS))
        number = max(taken) + 1
        try:
            reservations.insert_one(
                {"_id": model_key(catalogue, number), "catalogue": catalogue, "number": number, "runUid": run_uid}
            )
        except DuplicateKeyError:
            continue  # another run, or another driver of this one, was faster
        return number
    raise ProgramError(f"cannot reserve a model number for {catalogue!r}: too many runs at once")


def publish(target: Database, model: ModelDocument) -> ModelDocument:
    """Insert the version; if the run has published one before, that version stands and is returned."""
    try:
        target[Collection.MODELS].insert_one({"_id": model.key, **to_document(model)})
    except DuplicateKeyError:
        published = find_published(target, model.run_uid)
        if published is None:
            raise
        return published
    return model


def delete_content(target: Database, key: str) -> None:
    """Delete what is stored of a version's tracks, its vectors and assignments; the document, if any, stays."""
    delete_assignments(target, key)
    delete_vectors(target, key)
