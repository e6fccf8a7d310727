"""The local cluster's objects on disk: one JSON file for each, replaced atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from segue.errors import LocalError
from segue_operator.kinds.objects import Key, Manifest


def replace(path: Path, text: str) -> None:
    """Replace a file's content: even after a power cut a reader finds the old text or the new one, never a part.

    The folder itself is not synced: which of the two a power cut leaves is open, and controllers cope with either.
    """
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as target:
        target.write(text)
        target.flush()
        os.fsync(target.fileno())
    partial.replace(path)


class ObjectFiles:
    """Files ``objects/<kind>/<namespace>/<name>.json`` of a state directory; the holder of its cluster lock writes."""

    def __init__(self, state_directory: Path) -> None:
        self._root = state_directory / "objects"

    def path(self, key: Key) -> Path:
        """File of an object."""
        return self._root / key.kind / key.namespace / f"{key.name}.json"

    def write(self, manifest: Manifest) -> None:
        """Store an object."""
        path = self.path(Key.of(manifest))
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps({"object": manifest}, ensure_ascii=False, separators=(",", ":")))

    def remove(self, key: Key) -> None:
        """Remove the object's file."""
        self.path(key).unlink(missing_ok=True)

    def read(self) -> Iterator[Manifest]:
        """Every stored object.

        Raises
        ------
        LocalError
            A file is damaged; the message names it.
        """
        for path in sorted(self._root.glob("*/*/*.json")):
            try:
                manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))["object"]
                Key.of(manifest)
            except FileNotFoundError:
                continue  # deleted since it was listed, by the process that runs the cluster
            except (ValueError, KeyError, TypeError) as error:
                raise LocalError(
                    f"{path} is damaged ({error}): remove this file and apply its manifest again"
                ) from error
            yield manifest


def read_objects(state_directory: Path) -> list[Manifest]:
    """The objects of a local cluster, whether or not it runs: for looking at it from another process.

    Raises
    ------
    LocalError
        A file is damaged.
    """
    return list(ObjectFiles(state_directory).read())
