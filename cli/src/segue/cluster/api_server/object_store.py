"""The local cluster's objects, with Kubernetes' semantics, in memory and on disk.

Synchronous: every call is done when it returns, so the calls of one event loop never interleave.
"""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from segue.cluster.api_server import admission
from segue.cluster.api_server.object_files import ObjectFiles
from segue_core.contract.times import timestamp
from segue_operator.controller.cluster import AlreadyExistsError, ConflictError, NotFoundError, WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest

Validator = Callable[[Manifest, Manifest | None], Manifest]
"""Checks and defaults an object of Segue's kinds: (new, old) to the object to store, or `InvalidError`."""

Subscriber = Callable[[WatchEvent], None]

_SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp")
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class ObjectStore:
    """Objects by key.

    Parameters
    ----------
    files
        Where they are kept.
    validate
        Checks and defaults objects of Segue's own kinds.
    """

    def __init__(self, files: ObjectFiles, *, validate: Validator | None = None) -> None:
        self._files = files
        self._validate = validate
        self._objects: dict[Key, Manifest] = {}
        self._version = 0
        self._subscribers: list[Subscriber] = []

    def load(self) -> None:
        """Read what an earlier process left, and remove what has lost its owner since.

        Raises
        ------
        LocalError
            A file is damaged.
        """
        for found in self._files.read():
            self._objects[Key.of(found)] = found
            self._version = max(self._version, int(found["metadata"]["resourceVersion"]))
        self._collect_garbage()

    # ------------------------------------------------------------------------------------------------- reading

    def get(self, key: Key) -> Manifest | None:
        """A copy of the object; None if there is none."""
        return copy.deepcopy(self._objects.get(key))

    def select(
        self, kind: Kind, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Manifest]:
        """Copies of the objects that carry all the labels, by namespace and name."""
        wanted = (labels or {}).items()
        return [
            copy.deepcopy(found)
            for key, found in sorted(self._objects.items(), key=lambda item: item[0])
            if key.kind is kind
            and namespace in (None, key.namespace)
            and wanted <= (found["metadata"].get("labels") or {}).items()
        ]

    def owned(self, kind: Kind, owner: Manifest) -> Sequence[Manifest]:
        """The objects of a kind that an object controls, not copied: for the pure controllers, which only read."""
        uid = owner["metadata"]["uid"]
        return [found for key, found in self._objects.items() if key.kind is kind and uid in _owner_uids(found)]

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
        manifest = _named(manifest)
        key = Key.of(manifest)
        admission.check_name(key)
        if key in self._objects:
            raise AlreadyExistsError(f"{key} already exists")
        new = _without_server_fields(manifest)
        new["metadata"] |= {
            "namespace": key.namespace,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": timestamp(datetime.now(UTC)),
            "generation": 1,
        }
        new = self._validated(new, None)
        self._store(key, new, "ADDED")
        self._collect_garbage()  # an object whose owner has gone already does not stay
        return copy.deepcopy(new)

    def apply(self, manifest: Manifest) -> Manifest:
        """Make an object as the manifest says; an apply that changes nothing writes nothing.

        Every spec has one writer, so there are no field managers: the manifest replaces what was there, but for the
        status. In a Job or SparkApplication it changes the fields that it names (`admission.AMENDABLE`).

        Raises
        ------
        ConflictError
            The manifest names a uid that the object does not have.
        InvalidError
            The object or the change is refused.
        """
        key, uid = Key.of(manifest), manifest["metadata"].get("uid")
        old = self._objects.get(key)
        if old is None and uid is None:
            return self.create(manifest)
        if old is None or uid not in (None, old["metadata"]["uid"]):
            raise ConflictError(f"{key} with uid {uid} is gone")
        new = self._amended(key, old, manifest) if key.kind in admission.AMENDABLE else self._replaced(old, manifest)
        self._update(key, new)
        return copy.deepcopy(self._objects[key])

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
        found = self._objects.get(key)
        if found is None:
            return
        if key.kind is Kind.POD and found.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            now = timestamp(datetime.now(UTC))
            self._edit(key, lambda pod: pod["metadata"].setdefault("deletionTimestamp", now))
        else:
            self.remove(key)

    def remove(self, key: Key) -> None:
        """Remove an object at once, and all that it owned."""
        found = self._objects.pop(key, None)
        if found is not None:
            self._files.remove(key)
            self._notify("DELETED", found)
            self._collect_garbage()

    # ------------------------------------------------------------------------------------------------- private

    def _amended(self, key: Key, old: Manifest, manifest: Manifest) -> Manifest:
        admission.check_amendment(key.kind, old["spec"], manifest["spec"])
        new = copy.deepcopy(old)
        new["spec"] |= copy.deepcopy(manifest["spec"])
        return new

    def _replaced(self, old: Manifest, manifest: Manifest) -> Manifest:
        new, metadata = _without_server_fields(manifest), old["metadata"]
        new["metadata"]["namespace"] = metadata["namespace"]
        new["metadata"] |= {name: metadata[name] for name in _SERVER_FIELDS if name in metadata}
        if "status" in old:
            new["status"] = copy.deepcopy(old["status"])
        return self._validated(new, old)

    def _validated(self, new: Manifest, old: Manifest | None) -> Manifest:
        if self._validate is None or new["kind"] not in (Kind.TRACK_BATCH, Kind.TRAINING_RUN):
            return new
        return self._validate(new, old)

    def _edit(self, key: Key, change: Callable[[Manifest], object]) -> None:
        found = self.get(key)
        if found is None:
            raise NotFoundError(f"{key} does not exist")
        change(found)
        self._update(key, found)

    def _update(self, key: Key, new: Manifest) -> None:
        old = self._objects[key]
        if new == old:
            return
        if new.get("spec") != old.get("spec"):
            new["metadata"]["generation"] += 1
        self._store(key, new, "MODIFIED")

    def _store(self, key: Key, new: Manifest, change: Literal["ADDED", "MODIFIED"]) -> None:
        new["metadata"]["resourceVersion"] = str(self._version + 1)
        self._files.write(new)
        self._version += 1
        self._objects[key] = new
        self._notify(change, new)

    def _notify(self, change: Literal["ADDED", "MODIFIED", "DELETED"], manifest: Manifest) -> None:
        event = WatchEvent(change, copy.deepcopy(manifest))  # one copy for all: subscribers only read
        for subscriber in tuple(self._subscribers):
            subscriber(event)

    def _collect_garbage(self) -> None:
        uids = {found["metadata"]["uid"] for found in self._objects.values()}
        orphans = [key for key, found in self._objects.items() if (owners := _owner_uids(found)) and not owners & uids]
        for key in orphans:
            self.delete(key)


def _owner_uids(manifest: Manifest) -> set[str]:
    return {reference["uid"] for reference in manifest["metadata"].get("ownerReferences") or ()}


def _named(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    if "generateName" not in metadata:
        return manifest
    suffix = "".join(random.choices(_SUFFIX_LETTERS, k=5))  # noqa: S311 - a name, not a secret
    return {**manifest, "metadata": {**metadata, "name": metadata["generateName"] + suffix}}


def _without_server_fields(manifest: Manifest) -> Manifest:
    result = {name: copy.deepcopy(value) for name, value in manifest.items() if name != "status"}
    for field in _SERVER_FIELDS:
        result["metadata"].pop(field, None)
    return result
