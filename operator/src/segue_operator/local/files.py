"""The local cluster's objects on disk: one JSON file an object, replaced atomically, one owner of the folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segue_operator.api.objects import Key, Manifest
from segue_operator.local.java import LocalError


class ObjectFiles:
    """Folder ``objects/<kind>/<namespace>/<name>.json`` under a state directory; names are checked by the store."""

    def __init__(self, state_directory: Path) -> None:
        self._root = state_directory / "objects"
        self._lock_file = state_directory / "objects.lock"
        self._lock: int | None = None

    def lock(self) -> None:
        """Take the folder for this process; the system frees it however the process ends.

        Raises
        ------
        LocalError
            Another process has it, or the folder cannot be written.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalError(f"cannot use {self._root.parent} as state directory: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(descriptor, 32).decode().strip()
            os.close(descriptor)
            raise LocalError(
                f"{self._root.parent} is in use by another segue (process {owner or 'unknown'}); wait for it or stop it"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._lock = descriptor

    def unlock(self) -> None:
        """Give the folder free."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def path(self, key: Key) -> Path:
        """File of an object."""
        return self._root / key.kind / key.namespace / f"{key.name}.json"

    def write(self, key: Key, document: dict[str, Any]) -> None:
        """Replace the object's file; a reader sees the old or the new one, never a part."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        partial.replace(path)

    def remove(self, key: Key) -> None:
        """Remove the object's file."""
        self.path(key).unlink(missing_ok=True)

    def read(self) -> Iterator[dict[str, Any]]:
        """Every stored document.

        Raises
        ------
        LocalError
            A file is damaged; the message names it.
        """
        for path in sorted(self._root.glob("*/*/*.json")):
            try:
                document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                Key.of(document["object"])
            except FileNotFoundError:
                continue  # deleted since it was listed, by the process that runs the cluster
            except (ValueError, KeyError, TypeError) as error:
                raise LocalError(
                    f"{path} is damaged ({error}): remove this file and apply its manifest again"
                ) from error
            yield document


def read_objects(state_directory: Path) -> list[Manifest]:
    """The objects of a local cluster, whether or not it runs: for looking at it from another process.

    Raises
    ------
    LocalError
        A file is damaged.
    """
    return [document["object"] for document in ObjectFiles(state_directory).read()]
