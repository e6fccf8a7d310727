"""The local cluster's API server: objects with Kubernetes' semantics, in memory and on disk.

Synchronous: every call is done when it returns, so the calls of one event loop never interleave.
"""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    WatchEvent,
)
from segue_operator.local import admission, merge
from segue_operator.local.files import ObjectFiles
from segue_operator.local.times import timestamp

Validator = Callable[[Manifest, Manifest | None], Manifest]
"""Checks and defaults an object of Segue's kinds: (new, old) to the object to store, or `InvalidError`."""

Subscriber = Callable[[WatchEvent], None]

_SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields")
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass
class _Record:
    object: Manifest
    applied: Manifest | None = None
    created: Manifest | None = None


class ObjectStore:
    """Objects by key.

    Parameters
    ----------
    files
        Where they are kept; their folder is locked by the owner of the store.
    clock
        For creation and deletion timestamps.
    validate
        Checks and defaults objects of Segue's own kinds.
    """

    def __init__(
        self,
        files: ObjectFiles,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        validate: Validator | None = None,
    ) -> None:
        self._files = files
        self._clock = clock
        self._validate = validate
        self._records: dict[Key, _Record] = {}
        self._version = 0
        self._subscribers: list[Subscriber] = []

    def load(self) -> None:
        """Read what an earlier process left, and remove what lost its owner meanwhile."""
        for document in self._files.read():
            record = _Record(document["object"], document.get("applied"), document.get("created"))
            self._records[Key.of(record.object)] = record
            self._version = max(self._version, int(record.object["metadata"]["resourceVersion"]))
        self._collect_garbage()

    # ------------------------------------------------------------------------------------------------- reading

    def get(self, key: Key) -> Manifest | None:
        """A copy of the object; None if there is none."""
        record = self._records.get(key)
        return None if record is None else copy.deepcopy(record.object)

    def select(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Copies of the objects that carry all the labels, by namespace and name."""
        return [copy.deepcopy(found) for found in self._matching(kind, namespace, labels)]

    def owned(self, kind: Kind, owner: Manifest) -> Sequence[Manifest]:
        """The objects of a kind that an object controls, not copied: for the pure controllers, which only read."""
        uid, namespace = owner["metadata"]["uid"], Key.of(owner).namespace
        return [
            record.object
            for key, record in self._records.items()
            if key.kind is kind and key.namespace == namespace and uid in _owner_uids(record.object)
        ]

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call the subscriber at every change from now on; returns the function that ends this."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    # ------------------------------------------------------------------------------------------------- writing

    def create(self, manifest: Manifest) -> Manifest:
        """Create an object; ``generateName`` gets a random suffix.

        Raises
        ------
        AlreadyExistsError
            The name is taken.
        InvalidError
            The object is refused.
        """
        return self._insert(manifest, applied=False)

    def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply; an apply that changes nothing writes nothing.

        Raises
        ------
        ConflictError
            The manifest names a uid or resourceVersion that the object does not have.
        InvalidError
            The object or the change is refused.
        """
        admission.check_identity(manifest)
        key, wanted = Key.of(manifest), _without_server_fields(manifest)
        record = self._records.get(key)
        if record is None:
            if "uid" in manifest["metadata"]:
                raise ConflictError(f"{key} with uid {manifest['metadata']['uid']} is gone")
            return self._insert(manifest, applied=True)
        for field in ("uid", "resourceVersion"):
            if field in manifest["metadata"] and manifest["metadata"][field] != record.object["metadata"][field]:
                raise ConflictError(f"{key} has changed: its {field} is {record.object['metadata'][field]}")
        new = merge.apply(record.object, wanted, record.applied, record.created)
        new = self._admit(new, record.object)
        changed = _Record(new, wanted, record.created)
        if new == record.object:
            if wanted != record.applied:
                record.applied = wanted
                self._files.write(key, vars(record))
        else:
            self._replace(key, changed)
        return copy.deepcopy(self._records[key].object)

    def set_status(self, key: Key, status: Mapping[str, Any]) -> None:
        """Replace the status, and nothing else; an equal one changes nothing.

        Raises
        ------
        NotFoundError
            There is no such object.
        """
        self._edit(key, lambda found: found.update(status=copy.deepcopy(dict(status))))

    def annotate(self, key: Key, annotations: Mapping[str, str]) -> None:
        """Set annotations.

        Raises
        ------
        NotFoundError
            There is no such object.
        """
        self._edit(key, lambda found: found["metadata"].setdefault("annotations", {}).update(annotations))

    def delete(self, key: Key) -> None:
        """Delete an object and all that it owned; a pod that may run is only marked, until `remove`."""
        record = self._records.get(key)
        if record is None:
            return
        if key.kind is Kind.POD and record.object.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            if "deletionTimestamp" not in record.object["metadata"]:
                now = timestamp(self._clock())
                self._edit(key, lambda found: found["metadata"].update(deletionTimestamp=now))
            return
        self.remove(key)

    def remove(self, key: Key) -> None:
        """Remove an object at once, and all that it owned."""
        if self._discard(key):
            self._collect_garbage()

    # ------------------------------------------------------------------------------------------------- private

    def _matching(self, kind: Kind, namespace: str | None, labels: Mapping[str, str] | None) -> Iterator[Manifest]:
        for key in sorted(self._records):
            found = self._records[key].object
            if key.kind is kind and namespace in (None, key.namespace):
                own = found["metadata"].get("labels") or {}
                if (labels or {}).items() <= own.items():
                    yield found

    def _insert(self, manifest: Manifest, *, applied: bool) -> Manifest:
        manifest = self._named(manifest)
        admission.check_identity(manifest)
        key = Key.of(manifest)
        if key in self._records:
            raise AlreadyExistsError(f"{key} already exists")
        given = _without_server_fields(manifest)
        new = copy.deepcopy(given)
        new["metadata"] |= {
            "namespace": key.namespace,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": timestamp(self._clock()),
            "generation": 1,
        }
        new = self._admit(new, None)
        self._store(key, _Record(new, given if applied else None, None if applied else given))
        self._notify("ADDED", new)
        self._collect_garbage()  # an object whose owner is gone already does not stay
        return copy.deepcopy(new)

    def _named(self, manifest: Manifest) -> Manifest:
        metadata = manifest.get("metadata")
        if not isinstance(metadata, dict) or "name" in metadata or "generateName" not in metadata:
            return manifest
        suffix = "".join(random.choices(_SUFFIX_LETTERS, k=5))  # noqa: S311 - a name, not a secret
        return {**manifest, "metadata": {**metadata, "name": metadata["generateName"] + suffix}}

    def _admit(self, new: Manifest, old: Manifest | None) -> Manifest:
        admission.check_change(new, old)
        if self._validate is not None and new["kind"] in (Kind.TRACK_BATCH, Kind.TRAINING_RUN):
            new = self._validate(new, old)
        return new

    def _edit(self, key: Key, change: Callable[[Manifest], object]) -> None:
        record = self._records.get(key)
        if record is None:
            raise NotFoundError(f"{key} does not exist")
        new = copy.deepcopy(record.object)
        change(new)
        if new != record.object:
            self._replace(key, _Record(new, record.applied, record.created))

    def _replace(self, key: Key, record: _Record) -> None:
        if record.object.get("spec") != self._records[key].object.get("spec"):
            record.object["metadata"]["generation"] += 1
        self._store(key, record)
        self._notify("MODIFIED", record.object)

    def _store(self, key: Key, record: _Record) -> None:
        self._version += 1
        record.object["metadata"]["resourceVersion"] = str(self._version)
        self._files.write(key, vars(record))
        self._records[key] = record

    def _discard(self, key: Key) -> bool:
        record = self._records.pop(key, None)
        if record is None:
            return False
        self._files.remove(key)
        self._notify("DELETED", record.object)
        return True

    def _notify(self, type_: Any, manifest: Manifest) -> None:
        event = WatchEvent(type_, copy.deepcopy(manifest))  # one copy for all: subscribers only read
        for subscriber in tuple(self._subscribers):
            subscriber(event)

    def _uids(self) -> set[str]:
        return {record.object["metadata"]["uid"] for record in self._records.values()}

    def _collect_garbage(self) -> None:
        uids = self._uids()
        orphans = [
            key for key, record in self._records.items() if (owners := _owner_uids(record.object)) and not owners & uids
        ]
        for key in orphans:
            self.delete(key)


def _owner_uids(manifest: Manifest) -> set[str]:
    return {reference["uid"] for reference in manifest["metadata"].get("ownerReferences") or ()}


def _without_server_fields(manifest: Manifest) -> Manifest:
    result = {name: copy.deepcopy(value) for name, value in manifest.items() if name != "status"}
    for field in _SERVER_FIELDS:
        result["metadata"].pop(field, None)
    if not isinstance(result.get("spec", {}), dict):
        raise InvalidError(f"spec of {manifest['kind']} {manifest['metadata'].get('name')} must be an object")
    return result
