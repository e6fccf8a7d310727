"""``segue delete``: take resources and what they own away; tracks and models stay in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from segue.cluster.api_server.object_files import ObjectFiles
from segue.cluster.api_server.object_store import ObjectStore
from segue.commandline import Call, Invocation
from segue.errors import CommandError, CommandExit, UsageError
from segue.locks import Holder
from segue.render.resources import columns_of, find, short_name
from segue_operator.kinds.objects import Key, Kind

_DELETABLE = (Kind.TRACK_BATCH, Kind.TRAINING_RUN)


def run(
    targets: Annotated[list[str], Parameter(name="TARGET", help="trackbatch/NAME or trainingrun/NAME")],
    /,
    *,
    call: Call,
) -> int:
    """Delete resources, their jobs and their pods."""
    keys = [key for target in _pairs(targets) for key in _keys_of(call, target)]

    def refuse(holder: Holder, _seconds: float) -> None:
        raise CommandError(
            f"{holder} runs the resources of {call.state.root}, so none was deleted",
            "wait for it, or stop it with `segue down`, and try again",
        )

    with call.state.cluster_lock.held(call.title, refuse):
        store = ObjectStore(ObjectFiles(call.state.root))
        store.load()
        for key in keys:
            store.delete(key)
            for pod in [Key.of(left) for left in store.select(Kind.POD) if "deletionTimestamp" in left["metadata"]]:
                store.remove(pod)  # whoever ran it has ended
            call.console.print(f"{short_name(key)} deleted", soft_wrap=True)
    call.notes.print("tracks and models stay; segue forget deletes tracks", soft_wrap=True)
    return CommandExit.OK


def _pairs(targets: Sequence[str]) -> Sequence[str]:
    """``trackbatch demo``, as kubectl takes it, is ``trackbatch/demo``."""
    if len(targets) > 1 and "/" not in targets[0]:
        return [f"{targets[0]}/{name}" for name in targets[1:]]
    return targets


def _keys_of(call: Invocation, target: str) -> list[Key]:
    kind_name, separator, name = target.partition("/")
    if not separator or not name:
        raise UsageError(f"{target!r} names no resource", "write trackbatch/NAME or trainingrun/NAME; see: segue get")
    kind = columns_of(kind_name).kind
    if kind not in _DELETABLE:
        raise UsageError(f"{target}: only TrackBatches and TrainingRuns are deleted", "see: segue get")
    return [Key.of(found) for found in find(call.state, kind, name)]
