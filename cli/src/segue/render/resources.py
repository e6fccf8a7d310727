"""A local cluster's objects on the command line: names and columns of the kinds, and lookup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from segue.cluster.api_server.object_files import read_objects
from segue.errors import UsageError, did_you_mean
from segue.render.tables import duration
from segue.state import State
from segue_core.contract.times import parse_timestamp
from segue_operator.kinds.conditions import condition_of
from segue_operator.kinds.objects import Key, Kind, Manifest

Value = Callable[[Manifest], object]


def at(manifest: Mapping[str, Any], *path: str) -> Any:
    """Value at a path of names, None where it ends early."""
    value: Any = manifest
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_true(manifest: Manifest, type_: str) -> bool:
    """Whether a condition is True."""
    return condition_of(manifest, type_).get("status") == "True"


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
    seconds = (datetime.now(UTC) - parse_timestamp(created)).total_seconds()
    return duration(max(seconds, 0.0))  # negative after the clock was set back


def _why(manifest: Manifest) -> object:
    return condition_of(manifest, "Succeeded").get("reason")


def _exit_codes(pod: Manifest) -> object:
    codes = [at(status, "state", "terminated", "exitCode") for status in at(pod, "status", "containerStatuses") or ()]
    return ", ".join(str(code) for code in codes if code is not None)


def _completions(job: Manifest) -> object:
    return f"{at(job, 'status', 'succeeded') or 0}/{at(job, 'spec', 'completions') or 1}"


def _replicas(deployment: Manifest) -> object:
    return f"{at(deployment, 'status', 'readyReplicas') or 0}/{at(deployment, 'spec', 'replicas')}"


@dataclass(frozen=True)
class Columns:
    """The names of a kind on the command line, and its columns; the ``wide`` ones are shown with ``-o wide``."""

    kind: Kind
    names: tuple[str, ...]
    narrow: Mapping[str, Value]
    wide: Mapping[str, Value]


_METRICS = ("status", "model", "metrics")
COLUMNS: Sequence[Columns] = (
    Columns(
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
    Columns(
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
    Columns(
        Kind.POD,
        ("pods", "pod", "po"),
        {"PHASE": _field("status", "phase"), "EXIT": _exit_codes},
        {
            "NODE": _field("spec", "nodeName"),
            "COMPONENT": lambda pod: pod["metadata"]["labels"].get("segue.dev/component"),
        },
    ),
    Columns(Kind.JOB, ("jobs", "job"), {"COMPLETIONS": _completions, "FAILED": _field("status", "failed")}, {}),
    Columns(Kind.DEPLOYMENT, ("deployments", "deployment", "deploy"), {"READY": _replicas}, {}),
    Columns(
        Kind.SPARK_APPLICATION,
        ("sparkapplications", "sparkapplication", "sparkapp"),
        {"STATE": _field("status", "applicationState", "state")},
        {},
    ),
)
MODELS = ("models", "model")
"""Kinds that are documents of the database, and no resources."""
KNOWN_NAMES = tuple(name for columns in COLUMNS for name in columns.names)


def columns_of(name: str) -> Columns:
    """Columns of a kind by any of its names.

    Raises
    ------
    UsageError
        There is no such kind.
    """
    for columns in COLUMNS:
        if name.lower() in columns.names:
            return columns
    if name.lower() in MODELS:
        raise UsageError("models have commands of their own", "see: segue models --help")
    plurals = ", ".join(columns.names[0] for columns in COLUMNS)
    raise UsageError(f"there is no kind {name!r}", did_you_mean(name, KNOWN_NAMES) or f"known kinds: {plurals}")


def find(state: State, kind: Kind, name: str | None = None) -> list[Manifest]:
    """Objects of a kind by name, or the one of this name.

    Raises
    ------
    UsageError
        There is no object of this name.
    """
    found = [manifest for manifest in read_objects(state.root) if manifest["kind"] == kind]
    found.sort(key=Key.of)
    if name is None:
        return found
    named = [manifest for manifest in found if Key.of(manifest).name == name]
    if not named:
        names = [Key.of(manifest).name for manifest in found]
        hint = did_you_mean(name, names) or (f"known: {', '.join(names)}" if names else f"{state.root} has none")
        raise UsageError(f"there is no {kind.lower()} {name!r}", hint)
    return named
