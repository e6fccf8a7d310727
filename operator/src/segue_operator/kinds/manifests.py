"""Manifests from files: read, validated, explained.

An API server checks manifests with the CRDs, a laptop with the models, and both refuse the same. The errors here name
the field's path, what is wrong with it, and what to write instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from segue_operator.kinds.base import ApiModel
from segue_operator.kinds.constants import API_VERSION
from segue_operator.kinds.messages import nearest, shorten
from segue_operator.kinds.objects import Kind, Manifest
from segue_operator.kinds.problems import Problem, explain
from segue_operator.kinds.trackbatch import TrackBatch
from segue_operator.kinds.trainingrun import TrainingRun
from segue_operator.kinds.yaml_documents import UnreadableYamlError, read_documents

MODELS: Mapping[str, type[TrackBatch] | type[TrainingRun]] = {
    str(Kind.TRACK_BATCH): TrackBatch,
    str(Kind.TRAINING_RUN): TrainingRun,
}
SUFFIXES = (".yaml", ".yml", ".json")
CHANGE_REFUSED = (
    "cannot be changed after creation: delete the resource and create it again, or create one with another name"
)


class ManifestError(ValueError):
    """A manifest is invalid; the message has one line for each problem, with the field's path and the way out."""

    def __init__(self, problems: tuple[Problem, ...], where: str = "") -> None:
        self.problems = problems
        self.where = where
        prefix = f"{where}: " if where else ""
        super().__init__("\n".join(f"{prefix}{problem}" for problem in problems))


def _refuse(path: str, message: str, where: str = "") -> ManifestError:
    return ManifestError((Problem(path, message),), where)


# ------------------------------------------------------------------------------------------------------------ files


def load_manifests(path: Path) -> list[Manifest]:
    """Read all documents of a file, or of a directory's YAML and JSON files in the order of their names.

    Raises
    ------
    ManifestError
        The file does not exist or is empty, or a document is not a mapping; the message names file and document.
    """
    files = _files(path)
    manifests = [manifest for file in files for manifest in _documents(file)]
    if not manifests:
        raise _refuse("", "contains no documents", str(path))
    return manifests


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
        if not files:
            raise _refuse("", f"contains no {', '.join(SUFFIXES)} file", str(path))
        return files
    if not path.exists():
        raise _refuse("", "no such file or directory", str(path))
    return [path]


def _documents(file: Path) -> Iterator[Manifest]:
    try:
        documents = read_documents(file)
        json.dumps(documents, allow_nan=False, ensure_ascii=False).encode()
    except UnreadableYamlError as error:
        raise _refuse("", str(error), str(file)) from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # from values that JSON cannot represent
        raise _refuse("", f"has a value that JSON cannot represent: {error}; remove or quote it", str(file)) from None
    for number, document in enumerate(documents, start=1):
        if document is None:
            continue
        where = f"{file}, document {number}" if len(documents) > 1 else str(file)
        if not isinstance(document, dict):
            raise _refuse("", f"is {_name_of(document)}, not a manifest with apiVersion, kind and metadata", where)
        if document.get("kind") == "List":
            yield from _items(document, where)
        else:
            yield document


def _items(document: Manifest, where: str) -> Iterator[Manifest]:
    items = document.get("items")
    if not isinstance(items, list):
        raise _refuse("items", "a List needs items", where)
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise _refuse(f"items[{number - 1}]", f"is {_name_of(item)}, not a manifest", where)
        yield item


def _name_of(value: object) -> str:
    return {list: "a list", str: "a string", int: "a number", float: "a number", bool: "true or false"}.get(
        type(value), type(value).__name__
    )


# ------------------------------------------------------------------------------------------------------- validation


def validate(manifest: Manifest) -> TrackBatch | TrainingRun:
    """Check a manifest and return its model.

    Raises
    ------
    ManifestError
        Lists every problem of the manifest.
    """
    model = _model(manifest)
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") in (None, ""):
        raise _refuse("metadata.name", "is missing: give the resource a name")
    try:
        return model.model_validate(_without_nulls(manifest), by_alias=True, by_name=False)
    except ValidationError as error:
        raise ManifestError(tuple(explain(error, model))) from None


def _model(manifest: Manifest) -> type[TrackBatch] | type[TrainingRun]:
    kind = manifest.get("kind")
    if not isinstance(kind, str) or not kind:
        raise _refuse("kind", f"is missing: use {' or '.join(MODELS)}")
    if kind not in MODELS:
        guess = nearest(kind, MODELS)
        hint = f"did you mean {guess}?" if guess else f"use {' or '.join(MODELS)}"
        raise _refuse("kind", f"{shorten(kind, 60)!r} is not one of Segue's kinds: {hint}")
    if manifest.get("apiVersion") != API_VERSION:
        given = manifest.get("apiVersion")
        said = f"{given!r} is not a version of Segue's API" if given else "is missing"
        raise _refuse("apiVersion", f"{said}: use {API_VERSION}")
    return MODELS[kind]


def _without_nulls(value: Any) -> Any:
    """Drop fields that are null, as an API server does."""
    if isinstance(value, dict):
        return {key: _without_nulls(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return [_without_nulls(entry) for entry in value]
    return value


def spec_document(model: ApiModel) -> Manifest:
    """A spec as a document, with defaults."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def with_defaults(manifest: Manifest) -> Manifest:
    """The manifest as an API server would store it: with the defaults filled in.

    Raises
    ------
    ManifestError
        The manifest is invalid.
    """
    resource = validate(manifest)
    document: Manifest = json.loads(json.dumps(_without_nulls(manifest), default=str))
    return document | {"spec": spec_document(resource.spec)}


# ----------------------------------------------------------------------------------------------------------- change


def _leaves(document: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(document, dict) and document:
        for key, value in document.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path, document


def validate_update(old: Manifest, new: Manifest) -> None:
    """Check that an update changes only mutable fields.

    Raises
    ------
    ManifestError
        Lists every immutable field that was changed.
    """
    before, after = validate(old), validate(new)
    was, becomes = dict(_leaves(spec_document(before.spec))), dict(_leaves(spec_document(after.spec)))
    paths = [*becomes, *(path for path in was if path not in becomes)]
    missing = object()
    changed = [path for path in paths if was.get(path, missing) != becomes.get(path, missing)]
    refused = tuple(Problem(f"spec.{path}", CHANGE_REFUSED) for path in changed if path not in before.MUTABLE)
    if refused:
        raise ManifestError(refused)
