"""Source arguments that extract and verify share, so that both list the same tracks."""

from __future__ import annotations

import posixpath
from typing import TypedDict

from segue_core.contract import MetadataFormat, RowsWithoutAudio
from segue_operator.children.pod import source_path
from segue_operator.kinds.trackbatch import TrackBatch, Volume


class SourceOptions(TypedDict):
    """Keyword arguments of `segue_core.contract.SourceArguments`."""

    catalogue: str
    batch: str
    batch_uid: str
    audio_root: str
    metadata_path: str | None
    metadata_format: MetadataFormat
    column: dict[str, str]
    rows_without_audio: RowsWithoutAudio
    shards: int
    source: str
    prefix: str


def source_name(batch: TrackBatch) -> str:
    """Name of a batch's source: its own, or one that says which folder it is.

    No path begins after a colon: on one machine, the kubelet would take it for one inside the pod.
    """
    source = batch.spec.source
    if source.name is not None:
        return source.name
    claim, folder = source.volume.persistent_volume_claim, source.volume.host_path
    if claim is not None:
        kind, base = "persistentVolumeClaim", f"{batch.metadata.namespace}/{claim.claim_name}"
    else:
        kind, base = "hostPath", folder.path.strip("/") if folder is not None else ""
    return f"{kind}/{posixpath.normpath(posixpath.join(base, source.audio_path))}"


def volume_name(volume: Volume, namespace: str) -> str:
    """A volume as records name it; see `source_name`."""
    claim, folder = volume.persistent_volume_claim, volume.host_path
    if claim is not None:
        return f"persistentVolumeClaim/{namespace}/{claim.claim_name}"
    return posixpath.normpath(f"hostPath/{folder.path.strip('/') if folder is not None else ''}")


def source_options(batch: TrackBatch) -> SourceOptions:
    """A batch's source as arguments of the programs."""
    spec = batch.spec
    metadata = spec.source.metadata
    columns = metadata.columns.model_dump(by_alias=True, exclude_none=True) if metadata.columns else {}
    return SourceOptions(
        catalogue=spec.catalogue,
        batch=batch.metadata.name,
        batch_uid=batch.metadata.uid,
        audio_root=source_path(spec.source.audio_path),
        metadata_path=source_path(metadata.path) if metadata.path is not None else None,
        metadata_format=metadata.format,
        column=columns,
        rows_without_audio=metadata.rows_without_audio,
        shards=spec.extraction.shards,
        source=source_name(batch),
        prefix=spec.source.prefix or "",
    )
