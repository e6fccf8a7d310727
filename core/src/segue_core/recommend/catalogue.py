"""Loading a catalogue's model and tracks from MongoDB."""

from __future__ import annotations

import hashlib

import msgspec

from segue_core import __version__
from segue_core.contract import Exclusion
from segue_core.recommend.assembly import Assembly
from segue_core.recommend.catalogue_cache import CatalogueCache
from segue_core.recommend.question_errors import EmptyCatalogueError, NoModelError, UnreadableModelError
from segue_core.recommend.recommender import Recommender
from segue_core.store.assignments import read_assignments
from segue_core.store.catalogues import catalogues_with_tracks, has_tracks, read_active_model
from segue_core.store.content_marks import content_fingerprint
from segue_core.store.database import Database
from segue_core.store.model_versions import model_keys, read_model
from segue_core.store.models import ModelDocument, version_key
from segue_core.store.presence import read_hidden
from segue_core.store.rejections import read_rejections
from segue_core.store.tracks import read_tracks
from segue_core.store.unreadable import UnreadableDocumentError
from segue_core.store.vectors import read_vectors

MISSING = "Missing"
"""Reason for a track that is stored, but whose file is gone or cannot be decoded any more."""


def load_catalogue(
    database: Database, catalogue: str, model: str | int | None = None, cache: CatalogueCache | None = None
) -> Recommender:
    """Load a model and all present tracks that fit it, including those that arrived after its training.

    A track of the training that was extracted again with another recipe no longer fits; it has the vector that the
    model was trained on, if the version has its own vectors.

    Parameters
    ----------
    model
        Version, as ``<catalogue>:<number>`` or just the number; by default the active one.
    cache
        Where to look for it first, and to keep it.

    Raises
    ------
    NoModelError
        There is no model yet, or no such version.
    EmptyCatalogueError
        The catalogue has no tracks, or none that fit the model.
    UnreadableModelError
        The model's documents are damaged.
    """
    document = find_model(database, catalogue, model)
    content = None if cache is None else content_fingerprint(database, catalogue)  # before anything else is read
    if cache is None or content is None:
        return _assemble(database, document)
    source = f"{__version__}\n{content}\n".encode() + msgspec.msgpack.encode(document)
    fingerprint = hashlib.sha256(source).hexdigest()
    found = cache.find(document.key, fingerprint)
    if found is None:
        found = _assemble(database, document)
        cache.keep(found, document, fingerprint)
    return found


def _assemble(database: Database, document: ModelDocument) -> Recommender:
    catalogue = document.catalogue
    try:
        assembly = Assembly(document)
        for assignment in read_assignments(database, document.key):
            assembly.assign(assignment)
    except (UnreadableDocumentError, ValueError) as error:
        raise UnreadableModelError(document.key, str(error)) from error

    def unreadable(track_id: str, problem: str) -> None:
        assembly.absent(track_id, Exclusion.LAYOUT_MISMATCH, f"its document cannot be read: {problem}")

    hidden = {presence.track_id: presence for presence in read_hidden(database, catalogue)}
    for presence in hidden.values():
        assembly.absent(presence.track_id, MISSING, presence.why_hidden)
    for record in read_tracks(database, catalogue, unreadable):
        if record.track_id not in hidden:
            assembly.add(record)
    for rejection in read_rejections(database, catalogue=catalogue):
        assembly.absent(rejection.track_id, rejection.reason, rejection.message)
    if assembly.needs_vectors:
        _restore(database, document, assembly)
    return assembly.finish()


def _restore(database: Database, model: ModelDocument, assembly: Assembly) -> None:
    try:
        for block in read_vectors(database, model):
            assembly.restore(block)
    except UnreadableDocumentError as error:
        raise UnreadableModelError(model.key, str(error)) from error


def find_model(database: Database, catalogue: str, model: str | int | None = None) -> ModelDocument:
    """A version's document; parameters and errors as for `load_catalogue`."""
    key = _active(database, catalogue) if model is None else version_key(catalogue, str(model))
    try:
        document = read_model(database, key)
    except UnreadableDocumentError as error:
        raise UnreadableModelError(key, error.problem) from error
    if document is None or document.catalogue != catalogue:
        known = ", ".join(model_keys(database, catalogue))
        raise NoModelError(f"catalogue {catalogue!r} has no model {key!r}; its models: {known or 'none'}")
    return document


def _active(database: Database, catalogue: str) -> str:
    try:
        active = read_active_model(database, catalogue)
    except UnreadableDocumentError as error:
        raise NoModelError(str(error)) from error
    if active is not None:
        return active
    if not has_tracks(database, catalogue):
        known = ", ".join(catalogues_with_tracks(database))
        raise EmptyCatalogueError(
            f"catalogue {catalogue!r} has no tracks: apply a TrackBatch; catalogues with tracks: {known or 'none'}"
        )
    if model_keys(database, catalogue):
        raise NoModelError(f"catalogue {catalogue!r} has models, but none is active: name one, or promote one")
    raise NoModelError(f"catalogue {catalogue!r} has no model yet: apply a TrainingRun")
