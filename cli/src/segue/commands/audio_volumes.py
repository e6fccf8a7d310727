"""Which folders hold the audio of the batches of this state directory, for the service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from segue.cluster.api_server.object_files import read_objects, replace
from segue.commands.known_volumes import known_volumes
from segue.errors import DISK_HINT, CommandError
from segue.state import State
from segue_operator.children.source_options import volume_name
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kinds.trackbatch import TrackBatch

_Entry = tuple[str, str]
"""Catalogue and volume."""


def audio_file(state: State) -> Path:
    """The file that tells the service where the audio is."""
    return state.service / "audio.json"


def remember_audio(state: State, manifests: Iterable[Manifest], volumes: Mapping[str, Path]) -> None:
    """Add the volumes of these batches; a service that runs sees them within seconds.

    Parameters
    ----------
    volumes
        Folder of each claim; a claim without one is left out.

    Raises
    ------
    CommandError
        The file cannot be written.
    """
    path = audio_file(state)
    known = _read(path)
    wanted = {**known, **_entries(manifests, volumes)}
    if wanted == known:
        return
    listed = [
        {"catalogue": catalogue, "volume": volume, "path": folder}
        for (catalogue, volume), folder in sorted(wanted.items())
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps({"volumes": listed}, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}", DISK_HINT) from error


def remember_stored_audio(state: State) -> None:
    """Add the folders of the batches in the state directory: they may be older than the file."""
    volumes = {claim: Path(folder) for claim, folder in known_volumes(state).items()}
    remember_audio(state, read_objects(state.root), volumes)


def _entries(manifests: Iterable[Manifest], volumes: Mapping[str, Path]) -> dict[_Entry, str]:
    found = {}
    for manifest in manifests:
        if manifest["kind"] != Kind.TRACK_BATCH:
            continue
        batch = TrackBatch.model_validate(manifest)
        volume = batch.spec.source.volume
        if volume.host_path is not None:
            folder: str | None = volume.host_path.path
        else:
            claim = volume.persistent_volume_claim
            known = volumes.get(claim.claim_name) if claim is not None else None
            folder = None if known is None else str(known)
        if folder is not None:
            found[batch.spec.catalogue, volume_name(volume, Key.of(manifest).namespace)] = folder
    return found


def _read(path: Path) -> dict[_Entry, str]:
    """What is known so far; a damaged file is written anew."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["volumes"]
        return {(str(one["catalogue"]), str(one["volume"])): str(one["path"]) for one in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
