"""Small valid manifests to change."""

from __future__ import annotations

import copy
from typing import Any

Manifest = dict[str, Any]


def track_batch(name: str = "songs", **spec: Any) -> Manifest:
    """A TrackBatch with the fewest fields, and those that are given."""
    base = {
        "catalogue": "music",
        "source": {"volume": {"hostPath": {"path": "/srv/music"}}, "metadata": {"path": "tracks.csv"}},
    }
    return _resource("TrackBatch", name, base | spec)


def training_run(name: str = "weekly", **spec: Any) -> Manifest:
    """A TrainingRun with the fewest fields, and those that are given."""
    return _resource("TrainingRun", name, {"catalogue": "music"} | spec)


def _resource(kind: str, name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "segue.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1},
        "spec": copy.deepcopy(spec),
    }


def put(manifest: Manifest, path: str, value: Any) -> Manifest:
    """Copy of a manifest with one value set; ``path`` is dotted, missing maps are made, None removes."""
    result = copy.deepcopy(manifest)
    *parents, last = path.split(".")
    target = result
    for part in parents:
        target = target.setdefault(part, {})
    if value is None:
        target.pop(last, None)
    else:
        target[last] = value
    return result
