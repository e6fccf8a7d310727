"""Model versions in MongoDB: numbers, the commit of a version, the pointer to the active one.

A run reserves its number first (one number a run, one run a number, by two unique keys), writes the assignments under
it, then inserts the model document: from then on the version exists. A run that crashed before leaves a reservation and
assignments that nobody reads; the same run finds its number again and overwrites them.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from pymongo import DESCENDING
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from segue_jobs.contract import TrainArguments
from segue_jobs.models import CatalogueDocument, ModelDocument, model_key
from segue_jobs.records import to_document
from segue_jobs.runtime.mongodb import Collection, Document
from segue_jobs.runtime.program import ProgramError
from segue_jobs.train.promotion import Decision, decide

_ATTEMPTS = 100


def now() -> str:
    """The time as RFC 3339, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def find_published(target: Database[Document], run_uid: str) -> ModelDocument | None:
    """The version that this run has published already."""
    document = target[Collection.MODELS].find_one({"runUid": run_uid})
    return None if document is None else msgspec.convert(document, ModelDocument)


def _last_number(target: Database[Document], collection: Collection, catalogue: str) -> int:
    newest = target[collection].find_one({"catalogue": catalogue}, {"number": 1}, sort=[("number", DESCENDING)])
    return 0 if newest is None else int(newest["number"])


def reserve_number(target: Database[Document], catalogue: str, run_uid: str) -> int:
    """The run's number: the one it has, or the next of the catalogue.

    Raises
    ------
    ProgramError
        Other runs were faster too many times.
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
    raise ProgramError(f"no model number of {catalogue!r} could be reserved: too many runs at once")


def publish(target: Database[Document], model: ModelDocument) -> ModelDocument:
    """Insert the version; where this run has published before, that version stands and is returned."""
    try:
        target[Collection.MODELS].insert_one({"_id": model_key(model.catalogue, model.number), **to_document(model)})
    except DuplicateKeyError:
        published = find_published(target, model.run_uid)
        if published is None:
            raise
        return published
    return model


def _find_model(target: Database[Document], key: str | None) -> ModelDocument | None:
    document = target[Collection.MODELS].find_one({"_id": key}) if key else None
    return None if document is None else msgspec.convert(document, ModelDocument)


def find_active(target: Database[Document], catalogue: str) -> ModelDocument | None:
    """The version that the catalogue's pointer names."""
    pointer = target[Collection.CATALOGUES].find_one({"_id": catalogue})
    return _find_model(target, pointer.get("activeModel") if pointer else None)


def promote(target: Database[Document], model: ModelDocument, arguments: TrainArguments) -> Decision:
    """Decide on a published version and set the pointer; another's change meanwhile leads to a new decision.

    Raises
    ------
    ProgramError
        The pointer changed under every attempt.
    """
    catalogues, key = target[Collection.CATALOGUES], model_key(model.catalogue, model.number)
    for _ in range(_ATTEMPTS):
        pointer = catalogues.find_one({"_id": model.catalogue})
        active_key = pointer.get("activeModel") if pointer else None
        active = _find_model(target, active_key)
        decision = decide(arguments.promotion, arguments.tolerance, model, active)
        if not decision.promoted or active_key == key:
            return decision
        changed = to_document(CatalogueDocument(catalogue=model.catalogue, active_model=key, updated=now()))
        try:
            found = catalogues.update_one(
                {"_id": model.catalogue, "activeModel": active_key}, {"$set": changed}, upsert=pointer is None
            )
        except DuplicateKeyError:
            continue  # another run made the pointer first
        if found.matched_count or found.upserted_id is not None:
            return decision
    raise ProgramError(f"the active model of {model.catalogue!r} changes too fast to be set")
