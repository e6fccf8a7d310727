"""A catalogue's tracks and model, loaded from the database, with errors in the command line's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segue.commandline import Invocation
from segue.commands.database_access import open_database
from segue.errors import CommandError, UsageError, did_you_mean
from segue_core.contract import wording
from segue_core.recommend.catalogue import find_model, load_catalogue
from segue_core.recommend.catalogue_cache import CatalogueCache
from segue_core.recommend.model_diff import Side
from segue_core.recommend.question_errors import (
    EmptyCatalogueError,
    NoModelError,
    RecommendError,
    UnknownTrackError,
    UnreadableModelError,
)
from segue_core.recommend.recommender import Recommender
from segue_core.store.catalogues import is_known, known_catalogues, read_pointer
from segue_core.store.database import Database
from segue_core.store.model_versions import list_models, read_model
from segue_core.store.models import CatalogueDocument, ModelDocument
from segue_core.store.unreadable import UnreadableDocumentError


def check_catalogue(database: Database, catalogue: str) -> None:
    """Check that the database knows a catalogue.

    Raises
    ------
    UsageError
        It has neither tracks nor rejections.
    """
    if is_known(database, catalogue):
        return
    known = known_catalogues(database)
    hint = did_you_mean(catalogue, known) or (
        f"known catalogues: {', '.join(known)}" if known else "ingest one first: segue sync FOLDER"
    )
    raise UsageError(f"there is no catalogue {catalogue!r}", hint)


def open_catalogue(call: Invocation, catalogue: str, model: str | None = None) -> Recommender:
    """Load a catalogue with its active model, or the one that is named.

    Raises
    ------
    UsageError
        There is no such catalogue or model.
    CommandError
        The model's documents are damaged, or of a newer version of Segue.
    """
    with open_database(call) as database:
        return loaded_catalogue(call, database, catalogue, model)


@contextmanager
def opened_catalogue(
    call: Invocation, catalogue: str, model: str | None = None
) -> Iterator[tuple[Database, Recommender]]:
    """A catalogue as `open_catalogue` loads it, beside the database, which stays open."""
    with open_database(call) as database:
        yield database, loaded_catalogue(call, database, catalogue, model)


def loaded_catalogue(call: Invocation, database: Database, catalogue: str, model: str | None = None) -> Recommender:
    """A catalogue as `open_catalogue` loads it, from a database that is open."""
    with _loading(database, catalogue):
        return load_catalogue(database, catalogue, model, CatalogueCache(call.state.cache))


def open_sides(call: Invocation, catalogue: str, versions: tuple[str, str]) -> tuple[Side, Side]:
    """Load two versions of a catalogue's model, to compare them; errors as for `open_catalogue`."""
    with open_database(call) as database, _loading(database, catalogue):
        # Both documents first: a mistyped version must not cost the loading of the other.
        models = [find_model(database, catalogue, version) for version in versions]
        cache = CatalogueCache(call.state.cache)
        before, after = (Side(model, load_catalogue(database, catalogue, model.key, cache)) for model in models)
        return before, after


def open_model(call: Invocation, catalogue: str, version: str | None) -> tuple[ModelDocument, CatalogueDocument | None]:
    """A version's document, by default that of the active one, and the pointer; errors as for `open_catalogue`."""
    with open_database(call) as database, _loading(database, catalogue):
        return find_model(database, catalogue, version), read_pointer(database, catalogue)


def beside(
    database: Database, catalogue: str, version: str
) -> tuple[ModelDocument, ModelDocument | None, CatalogueDocument | None]:
    """A version's document, that of the version to compare it with, and the pointer; errors as for `open_catalogue`.

    It is compared with the version that was active before it if that is known, else with the one before it.
    """
    with _loading(database, catalogue):
        model, pointer = find_model(database, catalogue, version), read_pointer(database, catalogue)
        before = pointer.previous_model if pointer is not None and pointer.active_model == model.key else None
        earlier = (one for one in list_models(database, catalogue).models if one.number < model.number)
        last = max(earlier, key=lambda one: one.number, default=None)
        key = before or (last.key if last is not None else None)
        return model, read_model(database, key) if key is not None else None, pointer


@contextmanager
def _loading(database: Database, catalogue: str) -> Iterator[None]:
    """Turn what loading a catalogue raises into the command line's errors.

    Whether there is such a catalogue is only asked if there is nothing to load: the embedded database reads all of a
    catalogue's keys to answer that.
    """
    try:
        yield
    except NoModelError as error:
        check_catalogue(database, catalogue)
        raise UsageError(
            str(error), "train one with a TrainingRun (segue apply -f), or list the models: segue get models"
        ) from error
    except EmptyCatalogueError as error:
        check_catalogue(database, catalogue)
        raise UsageError(str(error), f"list the rejected tracks: segue rejected --catalogue {catalogue}") from error
    except (UnreadableModelError, UnreadableDocumentError) as error:
        raise CommandError(str(error), "list the models: segue get models") from error


@contextmanager
def explained(recommender: Recommender) -> Iterator[None]:
    """Turn a recommender's errors into the command line's, with similar ids."""
    try:
        yield
    except UnknownTrackError as error:
        hint = wording.did_you_mean(error.suggestions)
        message = f"catalogue {recommender.catalogue!r} has no track {error.track_id!r}"
        raise UsageError(
            message, hint or f"search for it: segue tracks TEXT --catalogue {recommender.catalogue}"
        ) from error
    except RecommendError as error:
        raise UsageError(str(error)) from error
