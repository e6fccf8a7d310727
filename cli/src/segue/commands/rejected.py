"""``segue rejected``: the tracks of a catalogue that could not be used, and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from segue.cluster.api_server.object_files import read_objects
from segue.commandline import AsJson, Call, Catalogue, Invocation, write_json
from segue.errors import CommandExit
from segue.render.listing import Kind, Listing
from segue_core.contract import ALTERNATIVE, Reason
from segue_operator.children.source_options import volume_name
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.objects import Key
from segue_operator.kinds.objects import Kind as ResourceKind
from segue_operator.kinds.trackbatch import TrackBatch

if TYPE_CHECKING:
    from segue_core.store.rejections import Rejection

_SHOWN = ("batch", "stage", "reason", "path", "message")


def _document(item: Rejection, folders: Mapping[str, str], volumes: Mapping[str, str]) -> dict[str, object]:
    fields = {"trackId": item.track_id, **{name: getattr(item, name) for name in _SHOWN}}
    return {**fields, "uri": _uri(item.path, folders.get(item.batch), volumes)}


def _uri(path: str, folder: str | None, volumes: Mapping[str, str]) -> str | None:
    """What opens a rejected file; None if it is not there, or its name is one that only its bytes tell."""
    from segue.render.playlists import uri_of
    from segue_core.store.track_files import TrackFile

    location = TrackFile("", path, os.fsencode(path), folder or "").located(volumes).location
    return uri_of(location) if location is not None and os.path.exists(location) else None  # noqa: PTH110 - bytes


def run(
    *,
    catalogue: Catalogue,
    batch: Annotated[str | None, Parameter(metavar="NAME", help="only the tracks of this TrackBatch")] = None,
    reason: Annotated[
        str | None,
        Parameter(
            metavar="REASON",
            help="only for this reason; for Alternative, files that were not taken because a better one was",
            choices=[*(str(reason) for reason in Reason), ALTERNATIVE],
        ),
    ] = None,
    as_json: AsJson = False,
    call: Call,
) -> int:
    """Print a line for every rejected track."""
    from segue.commands.catalogue_view import check_catalogue
    from segue.commands.database_access import open_database
    from segue.commands.known_volumes import known_volumes
    from segue_core.store.rejections import latest, read_alternatives, read_rejections

    last_runs = _last_runs(call)

    with open_database(call) as database:
        check_catalogue(database, catalogue)
        if reason == ALTERNATIVE:
            matching = read_alternatives(database, catalogue, batch=batch)
        else:
            known = read_rejections(database, catalogue=catalogue, batch=batch, reason=reason)
            matching = (item for item in known if not _is_outdated(item, last_runs))
        found = sorted(latest(matching), key=lambda item: (item.reason, item.path, item.track_id))
    if as_json:
        folders, volumes = _audio_folders(call), known_volumes(call.state)
        write_json(call.console, [_document(item, folders, volumes) for item in found])
        return CommandExit.OK
    if not found:
        call.console.print("no track was rejected")
        return CommandExit.OK
    columns = (("REASON", Kind.SHORT), ("STAGE", Kind.SHORT), ("PATH", Kind.WHOLE), ("MESSAGE", Kind.PROSE))
    lines = ((item.reason, item.stage, item.path or item.track_id, item.message) for item in found)
    Listing(columns, lines).print(call.console)
    counts = Counter(item.reason for item in found)
    shown = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    call.notes.print(f"{len(found)} rejected: {shown}")
    return CommandExit.OK


def _audio_folders(call: Invocation) -> dict[str, str]:
    """Audio folder of each batch of this machine, as `TrackFile.folder` has it."""
    folders = {}
    for found in read_objects(call.state.root):
        if found["kind"] == ResourceKind.TRACK_BATCH:
            batch = TrackBatch.model_validate(found)
            source = batch.spec.source
            folders[batch.metadata.name] = f"{volume_name(source.volume, batch.metadata.namespace)}/{source.audio_path}"
    return folders


def _last_runs(call: Invocation) -> dict[str, str]:
    """Uid of the last run of each batch of this machine that has finished."""
    return {
        Key.of(found).name: str(found["metadata"]["uid"])
        for found in read_objects(call.state.root)
        if found["kind"] == ResourceKind.TRACK_BATCH and is_finished(found)
    }


def _is_outdated(item: Rejection, last_runs: Mapping[str, str]) -> bool:
    """Whether its batch has run again since, and has listed every file anew."""
    return last_runs.get(item.batch, item.batch_uid) != item.batch_uid
