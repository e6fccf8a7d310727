"""The folders that ``--volume`` has named in this state directory, so that a track's file is found again later."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from segue.cluster.api_server.object_files import replace
from segue.commandline import Invocation
from segue.state import State
from segue_core.store.database import Database
from segue_core.store.track_files import LocatedFile, files_with_ids


def remember(state: State, volumes: Mapping[str, Path]) -> None:
    """Keep where claims are; those that are not named now stay as they were."""
    known = known_volumes(state)
    wanted = known | {claim: str(folder) for claim, folder in volumes.items()}
    if wanted != known:
        with contextlib.suppress(OSError):  # only the way back to the files is lost
            state.root.mkdir(parents=True, exist_ok=True)
            replace(state.volumes, json.dumps(wanted))


def known_volumes(state: State) -> dict[str, str]:
    """Folder of each claim."""
    try:
        found = json.loads(state.volumes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(claim): str(folder) for claim, folder in found.items()} if isinstance(found, dict) else {}


def located_files(
    call: Invocation, database: Database, catalogue: str, track_ids: Iterable[str]
) -> dict[str, LocatedFile]:
    """Files of the stored tracks among these ids, by id."""
    volumes = known_volumes(call.state)
    found = files_with_ids(database, catalogue, track_ids)
    return {file.track_id: file.located(volumes) for file in found}
