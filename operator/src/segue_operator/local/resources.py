"""Looking at a local cluster's objects from outside: which kinds have which names and columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.local.errors import UsageError, did_you_mean
from segue_operator.local.files import read_objects
from segue_operator.local.render import duration
from segue_operator.local.state import State

Value = Callable[[Manifest], object]


def at(manifest: Mapping[str, Any], *path: str) -> Any:
    """Value at a path of names, None where it ends early."""
    value: Any = manifest
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def condition(manifest: Manifest, type_: str) -> Mapping[str, Any] | None:
    """A resource's condition of a type."""
    found = (entry for entry in at(manifest, "status", "conditions") or () if entry.get("type") == type_)
    return next(found, None)


def is_true(manifest: Manifest, type_: str) -> bool:
    """Whether a condition is there and True."""
    return (condition(manifest, type_) or {}).get("status") == "True"


def is_finished(manifest: Manifest) -> bool:
    """Whether a resource has succeeded or failed for good."""
    return (condition(manifest, "Succeeded") or {}).get("status") in ("True", "False")


def short_name(key: Key) -> str:
    """``trackbatch/demo``."""
    return f"{key.kind.lower()}/{key.name}"


def _field(*path: str) -> Value:
    return lambda manifest: at(manifest, *path)


def age(manifest: Manifest) -> str:
    """Time since creation."""
    created = at(manifest, "metadata", "creationTimestamp")
    if not created:
        return ""
    return duration((datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds())


def _why(manifest: Manifest) -> object:
    return (condition(manifest, "Succeeded") or {}).get("reason")


def _exit_codes(pod: Manifest) -> object:
    codes = [at(status, "state", "terminated", "exitCode") for status in at(pod, "status", "containerStatuses") or ()]
    return ", ".join(str(code) for code in codes if code is not None)


def _completions(job: Manifest) -> object:
    return f"{at(job, 'status', 'succeeded') or 0}/{at(job, 'spec', 'completions') or 1}"


def _replicas(deployment: Manifest) -> object:
    return f"{at(deployment, 'status', 'readyReplicas') or 0}/{at(deployment, 'spec', 'replicas')}"


@dataclass(frozen=True)
class View:
    """How a kind is called on the command line, and its columns; ``wide`` ones are shown with ``-o wide``."""

    kind: Kind
    names: tuple[str, ...]
    columns: Mapping[str, Value]
    wide: Mapping[str, Value]


_METRICS = ("status", "model", "metrics")
VIEWS: Sequence[View] = (
    View(
        Kind.TRACK_BATCH,
        ("trackbatches", "trackbatch", "tb"),
        {
            "CATALOGUE": _field("spec", "catalogue"),
            "PHASE": _field("status", "phase"),
            "LISTED": _field("status", "tracks", "listed"),
            "STORED": _field("status", "tracks", "stored"),
            "REJECTED": _field("status", "tracks", "rejected"),
        },
        {
            "EXTRACTED": _field("status", "tracks", "extracted"),
            "SKIPPED": _field("status", "tracks", "skipped"),
            "REASON": _why,
        },
    ),
    View(
        Kind.TRAINING_RUN,
        ("trainingruns", "trainingrun", "trun"),
        {
            "CATALOGUE": _field("spec", "catalogue"),
            "PHASE": _field("status", "phase"),
            "MODEL": _field("status", "model", "version"),
            "K": _field("status", "model", "k"),
            "PROMOTED": _field("status", "decision", "promoted"),
        },
        {
            "TRACKS": _field("status", "model", "tracks"),
            "REASON": _why,
            "DECISION": _field("status", "decision", "reason"),
        },
    ),
    View(
        Kind.POD,
        ("pods", "pod", "po"),
        {"PHASE": _field("status", "phase"), "EXIT": _exit_codes},
        {
            "NODE": _field("spec", "nodeName"),
            "COMPONENT": lambda pod: pod["metadata"]["labels"].get("segue.dev/component"),
        },
    ),
    View(Kind.JOB, ("jobs", "job"), {"COMPLETIONS": _completions, "FAILED": _field("status", "failed")}, {}),
    View(Kind.DEPLOYMENT, ("deployments", "deployment", "deploy"), {"READY": _replicas}, {}),
    View(
        Kind.SPARK_APPLICATION,
        ("sparkapplications", "sparkapplication", "sparkapp"),
        {"STATE": _field("status", "applicationState", "state")},
        {},
    ),
)
KNOWN_NAMES = tuple(name for view in VIEWS for name in view.names)


def view_of(name: str) -> View:
    """View of a kind by any of its names.

    Raises
    ------
    UsageError
        There is no such kind.
    """
    for view in VIEWS:
        if name.lower() in view.names:
            return view
    plurals = ", ".join(view.names[0] for view in VIEWS)
    raise UsageError(f"there is no kind {name!r}", did_you_mean(name, KNOWN_NAMES) or f"there are: {plurals}, models")


def find(state: State, kind: Kind, name: str | None = None) -> list[Manifest]:
    """Objects of a kind by name, or the one of this name.

    Raises
    ------
    UsageError
        There is none of this name.
    """
    found = [manifest for manifest in read_objects(state.root) if manifest["kind"] == kind]
    found.sort(key=Key.of)
    if name is None:
        return found
    named = [manifest for manifest in found if Key.of(manifest).name == name]
    if not named:
        names = [Key.of(manifest).name for manifest in found]
        hint = did_you_mean(name, names) or (f"there are: {', '.join(names)}" if names else f"none is in {state.root}")
        raise UsageError(f"there is no {kind.lower()} {name!r}", hint)
    return named
